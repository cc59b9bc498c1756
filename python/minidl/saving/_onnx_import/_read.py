"""ONNX files as plain lists and arrays, with everything in them doubted before it is used.

Nothing outside the file is opened, nothing in it is run, and no array is made before its declared
shape agrees with the bytes that are there.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from ._registry import Refused

MOST_BYTES = 2**31 - 1  # what protobuf takes
MOST_AXES = 32
DEEPEST = 8  # graphs inside graphs

# ONNX's number of a dtype: NumPy's, and the field that holds values which are not in raw_data.
DTYPES = {
    1: ("float32", "float_data"),
    2: ("uint8", "int32_data"),
    3: ("int8", "int32_data"),
    4: ("uint16", "int32_data"),
    5: ("int16", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    9: ("bool", "int32_data"),
    11: ("float64", "double_data"),
    12: ("uint32", "uint64_data"),
    13: ("uint64", "uint64_data"),
}
_KNOWN = "float32, float64, bool and integers of 8 to 64 bits"


def read_file(path: Any) -> Any:
    """The `ModelProto` in a file.

    Raises:
        ValueError: it is no ONNX file, or too large to be one.
        FileNotFoundError: there is no such file.
    """
    from .._onnx_export import import_onnx

    onnx = import_onnx()
    path = os.fspath(path)
    size = os.path.getsize(path)
    if size > MOST_BYTES:
        raise ValueError(f"{path!r} has {size} bytes: an ONNX file has less than 2 GiB")
    with open(path, "rb") as file:
        data = file.read(size)
    return parse(onnx, data, path)


def parse(onnx: Any, data: bytes, path: str) -> Any:
    """The `ModelProto` in some bytes."""
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:  # protobuf's DecodeError, and what its versions raise beside it
        raise ValueError(f"{path!r} is no ONNX file: {error}") from None
    if not proto.HasField("graph"):
        raise ValueError(f"{path!r} is no ONNX file: it holds no graph")
    return proto


def dtype_of(number: int, what: str) -> np.dtype:
    """NumPy's dtype for ONNX's number.

    Raises:
        NotImplementedError: one that minidl does not compute in.
    """
    if number not in DTYPES:
        from onnx import TensorProto

        known = {v: k for k, v in TensorProto.DataType.items()}
        raise Refused(f"{what} has the dtype {known.get(number, number)}; minidl has {_KNOWN}")
    return np.dtype(DTYPES[number][0])


def read_tensor(tensor: Any, what: str) -> np.ndarray:
    """The array of a `TensorProto`.

    Raises:
        ValueError: its shape, dtype and bytes do not agree, or its values are in another file.
    """
    if tensor.data_location != 0 or len(tensor.external_data):
        raise ValueError(
            f"{what} keeps its values in another file, which is never opened. Save the model as "
            "one file: onnx.save(onnx.load(path), new_path)"
        )
    if tensor.HasField("segment"):
        raise ValueError(f"{what} is only a segment of a tensor")
    dtype = dtype_of(tensor.data_type, what)
    shape = tuple(tensor.dims)
    check_shape(shape, what)
    count = math.prod(shape)
    field = DTYPES[tensor.data_type][1]
    if tensor.HasField("raw_data"):
        raw = tensor.raw_data
        if len(raw) != count * dtype.itemsize:
            raise ValueError(
                f"{what} of shape {shape} and dtype {dtype} needs {count * dtype.itemsize} bytes; "
                f"the file has {len(raw)}"
            )
        array = np.frombuffer(raw, dtype.newbyteorder("<"))
        if dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
            raise ValueError(f"{what} of dtype bool holds bytes that are neither 0 nor 1")
        array = array.astype(dtype, copy=False)
    else:
        values = getattr(tensor, field)
        if len(values) != count:
            raise ValueError(
                f"{what} of shape {shape} needs {count} values; the file has {len(values)}"
            )
        array = np.fromiter(values, _wide(dtype), count)
        if dtype.kind in "iub" and array.size:
            limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            if not limits[0] <= int(array.min()) <= int(array.max()) <= limits[1]:
                raise ValueError(f"{what} holds values outside the range of {dtype}")
        array = array.astype(dtype)
    return array.reshape(shape)


def _wide(dtype: np.dtype) -> Any:
    """The dtype of the field in the file."""
    if dtype.kind == "f":
        return dtype
    return np.uint64 if dtype in (np.dtype("uint32"), np.dtype("uint64")) else np.int64


def check_shape(shape: tuple, what: str) -> None:
    """ValueError for a shape that no array can have."""
    if len(shape) > MOST_AXES:
        raise ValueError(f"{what} has {len(shape)} axes; {MOST_AXES} are the most")
    if any(n < 0 for n in shape):
        raise ValueError(f"{what} has a negative size: shape {shape}")
    if math.prod(shape) >= 1 << 62:
        raise ValueError(f"{what} has more values than any memory: shape {shape}")


def read_type(value: Any) -> tuple[np.dtype, tuple[int | None, ...] | None]:
    """Dtype and shape of a graph's input, None where a size is open or the rank unknown."""
    what = f"input '{value.name}'"
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise Refused(f"{what} is no tensor but a {kind or 'value without a type'}")
    tensor = value.type.tensor_type
    dtype = dtype_of(tensor.elem_type, what)
    if not tensor.HasField("shape"):
        return dtype, None
    shape = []
    for dim in tensor.shape.dim:
        known = dim.WhichOneof("value") == "dim_value"
        shape.append(dim.dim_value if known else None)
    check_shape(tuple(n for n in shape if n is not None), what)
    return dtype, tuple(shape)


def read_attribute(attribute: Any, what: str) -> Any:
    """The value of an attribute; graphs stay as they are.

    Raises:
        NotImplementedError: an attribute of a kind that minidl does not know.
    """
    if attribute.ref_attr_name:
        raise ValueError(f"{what} refers to the attribute of a function")
    kind = attribute.type
    if kind == 1:
        return attribute.f
    if kind == 2:
        return attribute.i
    if kind == 3:
        return _text(attribute.s, what)
    if kind == 4:
        return read_tensor(attribute.t, what)
    if kind == 5:
        return attribute.g
    if kind == 6:
        return list(attribute.floats)
    if kind == 7:
        return list(attribute.ints)
    if kind == 8:
        return [_text(s, what) for s in attribute.strings]
    raise Refused(f"{what} is of an unknown kind, {kind}")


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{what} is no text") from None
