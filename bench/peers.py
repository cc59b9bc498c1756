"""PyTorch and NumPy, each at its best: layouts, fused steps, denormals flushed, threads set."""

from contextlib import ExitStack, contextmanager

import minidl
import numpy as np
from minidl import _core


def load_torch():
    """The torch module, prepared for timing; None when it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    return torch


torch = load_torch()


@contextmanager
def threads(count: int):
    """Every library with `count` threads."""
    with ExitStack() as stack:
        before = _core.num_threads()
        stack.callback(minidl.set_num_threads, before)
        minidl.set_num_threads(count)
        if torch:
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(count)
        try:
            import threadpoolctl

            stack.enter_context(threadpoolctl.threadpool_limits(count, user_api="blas"))
        except ImportError:
            pass  # NumPy then keeps its own count; the header says that it is unknown
        yield


def formats():
    """PyTorch's two memory layouts of images, by the name of the peer."""
    if torch is None:
        return {}
    return {"torch": torch.contiguous_format, "torch channels_last": torch.channels_last}


def images(x: np.ndarray, memory_format):
    """An NHWC array as an NCHW tensor in the given memory layout."""
    return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)


def filters(kernel: np.ndarray, memory_format):
    """An HWIO array as an OIHW tensor in the given memory layout."""
    return torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous(memory_format=memory_format)


def images_back(tensor) -> np.ndarray:
    return tensor.detach().permute(0, 2, 3, 1).numpy()


def filters_back(tensor) -> np.ndarray:
    return tensor.detach().permute(2, 3, 1, 0).numpy()
