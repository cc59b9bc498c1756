"""All case lists, by family."""

from importlib import import_module

from tests.cases.case import Case, Make, with_gaps

FAMILIES = (
    "elementwise",
    "activations",
    "reduce",
    "softmax",
    "batch_norm",
    "layer_norm",
    "group_norm",
    "pool2d",
    "matmul",
    "conv2d",
    "depthwise_conv2d",
    "resize2d",
    "lstm",
    "gru",
    "rnn",
    "attention",
    "embedding",
    "optimizers",
)
KERNELLESS = ("derived", "shaping", "convolutions")  # ops made of other ops or of NumPy
__all__ = [
    "FAMILIES",
    "Case",
    "Make",
    "all_cases",
    "cases_of",
    "op_cases",
    "reference",
    "with_gaps",
]


def cases_of(family: str) -> list[Case]:
    """The case list of one family."""
    return import_module(f"tests.cases.{family}").CASES


def all_cases() -> list[Case]:
    """Every case of every kernel family, in a fixed order."""
    return [case for family in FAMILIES for case in cases_of(family)]


def op_cases() -> list[Case]:
    """Every case of a differentiable op, with a kernel of its own or without."""
    cases = [case for family in (*FAMILIES, *KERNELLESS) for case in cases_of(family)]
    return [case for case in cases if case.op and case.wrt]


def reference(kernel: str):
    """The naive NumPy version of a kernel, or None."""
    for family in FAMILIES:
        function = getattr(import_module(f"tests.references.{family}"), kernel, None)
        if function is not None:
            return function
    return None
