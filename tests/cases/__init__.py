"""All case lists, by family."""

from importlib import import_module

from tests.cases.case import Case, Make, with_gaps

FAMILIES = (
    "elementwise",
    "activations",
    "reduce",
    "softmax",
    "normalization",
    "pool2d",
    "matmul",
    "conv2d",
    "optimizers",
)
__all__ = ["FAMILIES", "Case", "Make", "all_cases", "cases_of", "reference", "with_gaps"]


def cases_of(family: str) -> list[Case]:
    """The case list of one family."""
    return import_module(f"tests.cases.{family}").CASES


def all_cases() -> list[Case]:
    """Every case of every kernel family, in a fixed order."""
    return [case for family in FAMILIES for case in cases_of(family)]


def reference(kernel: str):
    """The naive NumPy version of a kernel, or None."""
    for family in FAMILIES:
        function = getattr(import_module(f"tests.references.{family}"), kernel, None)
        if function is not None:
            return function
    return None
