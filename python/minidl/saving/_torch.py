"""PyTorch's `state_dict`, as a dict or in a safetensors file, into a model of minidl."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ._safetensors import load_safetensors
from ._torch_flatten import nodes_of, rows_of
from ._torch_layers import Module, Pairs, Rule, describe, rules_of
from ._tree import parts

_RECURRENT = re.compile(r"((?:weight|bias)_(?:ih|hh|hr)_l)(\d+)(_reverse)?")


def load_torch_weights(model: Any, source: Any, mapping: Any = None) -> None:
    """Set the weights of a model from those of a PyTorch module.

    Tensors are taken together by module (`layer1.0.conv1`), and modules matched with the layers
    that have weights:

    1. by `mapping`, where it is a dict;
    2. else by name, where every module has the name of a layer, or its attribute path in the
       model: `layer1.0.conv1` is a layer `layer1_0_conv1`, or `model.layer1[0].conv1`;
    3. else by order: the modules as in the `state_dict`, the layers as in `model.layers`. A
       safetensors file sorts its names, so there the order is that of the numbers in them
       (`nn.Sequential`), and `mapping` is needed where modules beside each other have other
       names. Where a graph has branches, match by name: an order can be wrong and still fit.

    What becomes of the tensors: convolutions (out, in, height, width) to (height, width, in, out),
    transposed ones (in, out, ...) to (..., out, in), depthwise ones to (..., in, multiplier);
    Linear (out, in) to (in, out). A Dense or BatchNormalization behind the Flatten of an image
    gets its features from PyTorch's order (channels first) into ours; in functional and
    Sequential models only. LSTM i, f, g, o to i, f, c, o, GRU r, z, n to z, r, h, their two
    biases added (GRU: kept apart). A recurrent module of several layers counts as one a layer
    (`lstm.0`, `lstm.1`); a bidirectional one goes into Bidirectional. MultiheadAttention is split
    into query, key, value and output. BatchNorm: weight, bias, running_mean, running_var;
    num_batches_tracked is skipped. A SeparableConv takes two modules.

    What is no tensor must agree by itself: epsilon (PyTorch has 1e-5, Keras 1e-3), padding,
    activations.

    Args:
        model: A built model.
        source: Path of a safetensors file, or a dict of tensors or arrays by name.
        mapping: None; a dict from names of modules to layers (or names or attribute paths of
            layers; None leaves a module out); or a list of names of tensors or modules, which
            gives their order.

    Raises:
        ValueError: the first module and layer that do not fit, or what is left over on one side;
            the model is unchanged then. Also a damaged file.
        FileNotFoundError: there is no such file. ImportError: safetensors is missing.

    Source: `torch.nn.Module.state_dict`.

    >>> import minidl, numpy as np
    >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
    >>> state = {"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2)}
    >>> minidl.saving.load_torch_weights(model, state)
    >>> model.layers[0].kernel.shape
    (3, 2)
    """
    if not getattr(model, "built", False):
        raise ValueError(
            f"Model '{getattr(model, 'name', model)}' has no weights yet: build it or call it on "
            "data before loading."
        )
    ordered = isinstance(source, Mapping)
    tensors = dict(source) if ordered else load_safetensors(source)
    modules = _modules(tensors)
    places = _places(model)
    if isinstance(mapping, Mapping):
        matched = _by_mapping(modules, places, dict(mapping))
    elif mapping is not None:
        matched = _by_order(_sorted(modules, list(mapping)), places)
    else:
        matched = _by_name(modules, places) or _by_order(
            list(modules.values()) if ordered else _by_numbers(modules), places
        )
    pairs: Pairs = []
    for module, place in matched:
        pairs += _converted(module, place)
    for variable, value in pairs:
        variable.assign(value)


class Place(NamedTuple):
    """A layer, or half of one, that takes the tensors of one module."""

    layer: Any
    rule: Rule
    names: frozenset[str]
    rows: np.ndarray | None


def _places(model: Any) -> list[Place]:
    paths = {id(part): path for path, part in parts(model)}
    found: list[Place] = []
    seen: set[int] = set()

    def walk(layer: Any, nodes: set[Any]) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        rules = rules_of(layer) if layer.weights else ()
        if rules:
            path = paths.get(id(layer), "")
            names = {layer.name, path} - {""}
            rows = rows_of(layer, nodes) if nodes else None
            found.extend(Place(layer, rule, frozenset(names), rows) for rule in rules)
            return
        own = [v for v in layer._own_variables() if v.trainable]
        if own:
            raise ValueError(
                f"{describe(layer)} has weights and no rule that takes PyTorch's: set them by hand"
            )
        inner = nodes_of(layer)
        for child in getattr(layer, "layers", None) or layer._layers:
            walk(child, inner)

    walk(model, set())
    return found


def _modules(tensors: Mapping[str, Any]) -> dict[str, Module]:
    keys = list(tensors)
    layers = {k.rpartition(".")[0] for k in keys if _number(k)}  # recurrent, of several layers
    attention = {k.rpartition(".")[0] for k in keys
                 if k.rpartition(".")[2] in ("in_proj_weight", "q_proj_weight")}  # fmt: skip
    found: dict[str, Module] = {}
    for key in keys:
        name, _, last = key.rpartition(".")
        recurrent = _RECURRENT.fullmatch(last)
        parent, _, child = name.rpartition(".")
        if recurrent:
            last = recurrent[1] + (recurrent[3] or "")
            if name in layers:
                name = f"{name}.{recurrent[2]}" if name else recurrent[2]
        elif child == "out_proj" and parent in attention:
            name, last = parent, f"out_proj.{last}"
        found.setdefault(name, Module(name)).tensors[last] = _array(key, tensors[key])
    return found


def _number(key: str) -> int:
    recurrent = _RECURRENT.fullmatch(key.rpartition(".")[2])
    return int(recurrent[2]) if recurrent else 0


def _array(name: Any, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    array = np.asarray(value)
    if not isinstance(name, str) or array.dtype.kind not in "biuf":
        raise ValueError(f"{name!r} is no tensor with a name, but {type(value).__name__}")
    return array


# -- which module goes into which layer ---------------------------------------------------------
Matches = list[tuple[Module, Place]]


def _by_mapping(modules: dict[str, Module], places: list[Place], mapping: dict) -> Matches:
    left = list(places)
    matched: Matches = []
    for name, target in mapping.items():
        if name not in modules:
            raise ValueError(f"`mapping` names '{name}', the modules are: {', '.join(modules)}")
        if target is None:
            continue
        place = next((p for p in left if p.layer is target or target in p.names), None)
        if place is None:
            raise ValueError(
                f"`mapping` gives '{name}' to {target!r}, which is no layer with weights, or has "
                f"them already. Layers: {', '.join(p.layer.name for p in places)}"
            )
        left.remove(place)
        matched.append((modules[name], place))
    for name in modules:
        if name not in mapping:
            raise ValueError(f"`mapping` says nothing of module '{name}' (None leaves it out)")
    if left:
        raise ValueError(f"`mapping` gives nothing to {describe(left[0].layer)}")
    return matched


def _by_name(modules: dict[str, Module], places: list[Place]) -> Matches | None:
    """Where every module has a layer of its name and every layer a module; else None."""
    matched: Matches = []
    left = list(places)
    for name, module in modules.items():
        spelled = {name, name.replace(".", "_"), name.replace(".", "/")}
        fitting = [p for p in left if p.names & spelled]
        if len(fitting) != 1:
            return None
        left.remove(fitting[0])
        matched.append((module, fitting[0]))
    return None if left else matched


def _by_order(modules: list[Module], places: list[Place]) -> Matches:
    for i, (module, place) in enumerate(zip(modules, places, strict=False)):
        try:
            _converted(module, place)
        except ValueError as error:
            raise ValueError(
                f"matched by order, module {i + 1} of {len(modules)}, '{module.name}', does not "
                f"fit layer {i + 1} of {len(places)}, '{place.layer.name}': {error}. Give a "
                "`mapping` where the orders differ."
            ) from None
    if len(modules) > len(places):
        module = modules[len(places)]
        raise ValueError(
            f"there are {len(modules)} modules with tensors and {len(places)} layers with "
            f"weights; the first one left over is module '{module.name}' ({module.describe()})"
        )
    if len(places) > len(modules):
        raise ValueError(
            f"there are {len(modules)} modules with tensors and {len(places)} layers with "
            f"weights; the first one left over is {describe(places[len(modules)].layer)}"
        )
    return list(zip(modules, places, strict=True))


def _sorted(modules: dict[str, Module], names: list[Any]) -> list[Module]:
    """The modules as a list of tensors' or modules' names has them."""
    order: dict[str, int] = {}
    for i, name in enumerate(names):
        for module in modules:
            if name == module or (isinstance(name, str) and _belongs(name, module)):
                order.setdefault(module, i)
    for module in modules:
        if module not in order:
            raise ValueError(f"`mapping` does not name module '{module}'")
    return sorted(modules.values(), key=lambda m: order[m.name])


def _belongs(tensor: str, module: str) -> bool:
    name = tensor.rpartition(".")[0]
    number = _RECURRENT.fullmatch(tensor.rpartition(".")[2])
    return name == module or (
        number is not None and module == (f"{name}.{number[2]}" if name else number[2])
    )


def _by_numbers(modules: dict[str, Module]) -> list[Module]:
    """By the numbers in their names; ValueError where names do not say the order."""
    beside: dict[tuple[str, ...], set[str]] = {}
    for name in modules:
        parts_of = tuple(name.split("."))
        for i, part in enumerate(parts_of):
            beside.setdefault(parts_of[:i], set()).add(part)
    for parent, names in beside.items():
        if len(names) > 1 and not all(n.isdecimal() for n in names):
            where = f"in '{'.'.join(parent)}'" if parent else "in the file"
            raise ValueError(
                f"a safetensors file does not keep the order of modules, and the names {where} "
                f"({', '.join(sorted(names)[:5])}) do not say it: give `mapping`, such as "
                "list(state_dict) for their order"
            )

    def key(name: str) -> list[tuple[int, str]]:
        return [(int(p), "") if p.isdecimal() and len(p) < 10 else (0, p) for p in name.split(".")]

    return [modules[name] for name in sorted(modules, key=key)]


def _converted(module: Module, place: Place) -> Pairs:
    module.begin()
    pairs = place.rule(place.layer, module, place.rows)
    module.end(place.layer)
    for variable, value in pairs:
        if tuple(variable.shape) != value.shape:
            raise ValueError(
                f"module '{module.name}' ({module.describe()}) gives shape {value.shape} for "
                f"'{variable.name}' of {describe(place.layer)}, which has {tuple(variable.shape)}"
            )
    return pairs
