"""The arguments that all optimizers share, written once: the last ones of every constructor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
COMMON = {  # name: default, in Keras's order; documented in `Optimizer`
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
    "name": None,
}


def with_common_arguments(init: Callable[..., None]) -> Callable[..., None]:
    """`init(self, own, ..., **common)` with the shared arguments in its signature.

    They follow its own and may be given by position or by name, as in Keras; `init` gets all of
    them by name. Where an optimizer has another default for one of them, it names it itself.
    """
    own = list(inspect.signature(init).parameters.values())[:-1]
    mine = {parameter.name for parameter in own}
    shared = [
        inspect.Parameter(name, _POSITIONAL, default=default)
        for name, default in COMMON.items()
        if name not in mine
    ]
    rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
    signature = inspect.Signature([*own, *shared, rest])
    names = [parameter.name for parameter in [*own[1:], *shared]]

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        kind = type(self).__name__
        if len(args) > len(names):
            raise TypeError(f"{kind} takes up to {len(names)} arguments. Received: {len(args)}")
        for name, value in zip(names, args, strict=False):
            if name in kwargs:
                raise TypeError(f"{kind} got `{name}` twice, by position and by name")
            kwargs[name] = value
        init(self, **kwargs)

    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper
