"""plot_model: a model as boxes and arrows."""

from __future__ import annotations

import os
from typing import Any

from ._model_graph import Picture, collect, draw, to_dot

_TEXT = (".dot", ".gv")


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> str:
    """A model in the language of Graphviz.

    Args:
        model: A built model.
        show_shapes: Whether boxes tell shapes. Defaults to False.
        show_dtype: Whether boxes tell dtypes. Defaults to False.
        show_layer_names: Whether boxes tell the names of layers. Defaults to True.
        rankdir: `"TB"` from top to bottom, `"LR"` from left to right, `"BT"` or `"RL"`.
        expand_nested: Whether models inside are drawn layer by layer. Defaults to False.
        dpi: Resolution. Defaults to 200.
        subgraph: Whether the text is that of a part of another drawing. Defaults to False.
        show_layer_activations: Whether boxes tell activations. Defaults to False.
        show_trainable: Whether boxes tell what is trained. Defaults to False.
        splines: How Graphviz draws arrows: `"ortho"`, `"curved"`, ... Defaults to `"ortho"`.

    Returns:
        The text, which Graphviz's `dot` draws.

    Raises:
        ValueError: the model is not built, or an unknown direction.

    Source: `keras.utils.model_to_dot`, which gives an object of pydot's.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(2, name="last")])
    >>> "last (Dense)" in minidl.utils.model_to_dot(model)
    True
    """
    picture = _picture(model, rankdir, show_shapes=show_shapes, show_dtype=show_dtype,
                       show_layer_names=show_layer_names, expand_nested=expand_nested,
                       show_layer_activations=show_layer_activations,
                       show_trainable=show_trainable)  # fmt: skip
    return to_dot(picture, rankdir, dpi, splines, model.name if subgraph else None)


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> str:
    """Draw a model to a file.

    With the package `graphviz` and Graphviz itself installed these draw it; else matplotlib does,
    more simply.

    Args:
        model: A built model.
        to_file: File ending in `.png`, `.svg`, `.pdf`, or `.dot` or `.gv` for the text alone.
            Defaults to `"model.png"`.
        show_shapes: Whether boxes tell shapes. Defaults to False.
        show_dtype: Whether boxes tell dtypes. Defaults to False.
        show_layer_names: Whether boxes tell the names of layers. Defaults to False.
        rankdir: `"TB"` from top to bottom, `"LR"` from left to right, `"BT"` or `"RL"`.
        expand_nested: Whether models inside are drawn layer by layer. Defaults to False.
        dpi: Resolution. Defaults to 200.
        show_layer_activations: Whether boxes tell activations. Defaults to False.
        show_trainable: Whether boxes tell what is trained. Defaults to False.
        splines: How Graphviz draws arrows: `"ortho"`, `"curved"`, ... Defaults to `"ortho"`.
        **kwargs: None is known.

    Returns:
        The path of the file.

    Raises:
        ImportError: neither Graphviz nor matplotlib is there.
        ValueError: the model is not built, or an unknown direction or kind of file.

    Source: `keras.utils.plot_model`.

    >>> import minidl
    >>> import os, tempfile
    >>> model = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(2)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.dot")
    >>> os.path.basename(minidl.utils.plot_model(model, path, show_shapes=True))
    'model.dot'
    """
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments passed to plot_model: {kwargs}")
    picture = _picture(model, rankdir, show_shapes=show_shapes, show_dtype=show_dtype,
                       show_layer_names=show_layer_names, expand_nested=expand_nested,
                       show_layer_activations=show_layer_activations,
                       show_trainable=show_trainable)  # fmt: skip
    path = os.fspath(to_file)
    ending = os.path.splitext(path)[1].lower()
    text = to_dot(picture, rankdir, dpi, splines)
    if ending in _TEXT:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    elif ending not in (".png", ".svg", ".pdf"):
        raise ValueError(
            f"`to_file` must end in .png, .svg, .pdf, .dot or .gv. Received: to_file={to_file!r}"
        )
    elif not _by_graphviz(text, path, ending[1:]):
        try:
            draw(picture, rankdir, dpi, path)
        except ImportError as error:
            raise ImportError(
                "plot_model needs Graphviz (pip install graphviz, and its program `dot`) or "
                "matplotlib (pip install matplotlib, or minidl[plot]); to_file='model.dot' needs "
                "neither."
            ) from error
    return path


def _picture(model: Any, rankdir: str, **options: Any) -> Picture:
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"`rankdir` must be 'TB', 'LR', 'BT' or 'RL'. Received: {rankdir!r}")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no shapes yet: call it on data, or `build` it, before it "
            "is drawn."
        )
    return collect(model, options)


def _by_graphviz(text: str, path: str, kind: str) -> bool:
    """Whether Graphviz is there and has drawn it."""
    import shutil

    if shutil.which("dot") is None:
        return False
    try:
        import graphviz  # type: ignore
    except ImportError:
        return False
    with open(path, "wb") as file:
        file.write(graphviz.Source(text).pipe(kind))
    return True
