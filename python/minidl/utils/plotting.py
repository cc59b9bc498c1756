"""Pictures of a training run; matplotlib is imported here only."""

from __future__ import annotations

from typing import Any


def plot_history(history: Any, path: str | None = None, show: bool = False) -> Any:
    """Draw the curves of a training run, one panel per metric.

    Args:
        history: What `fit` returned, or its `history` dict.
        path: File to save the picture to (`.png`, `.svg`, `.pdf`), or None.
        show: Whether to open a window. Defaults to False.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed; the message says how to install it.
        ValueError: the history is empty.

    >>> import minidl
    >>> figure = minidl.utils.plot_history({"loss": [1.0, 0.5], "val_loss": [1.1, 0.7]})
    >>> len(figure.axes)
    1
    """
    curves = dict(getattr(history, "history", history))
    names = [n for n in curves if not n.startswith("val_")]
    if not names:
        raise ValueError("`history` holds no curves: train for an epoch or more first.")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plot_history needs matplotlib: pip install matplotlib (or minidl[plot])."
        ) from error

    if show:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(5 * len(names), 3.6), layout="constrained")
    else:  # no window system is touched
        figure = Figure(figsize=(5 * len(names), 3.6), layout="constrained")
        FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        epochs = range(1, len(curves[name]) + 1)
        panel.plot(epochs, curves[name], marker="o", markersize=3, label="training")
        if f"val_{name}" in curves:
            held_out = curves[f"val_{name}"]
            panel.plot(epochs[: len(held_out)], held_out, marker="s", markersize=3,
                       label="validation")  # fmt: skip
        panel.set_title(name)
        panel.set_xlabel("epoch")
        panel.grid(alpha=0.3)
        panel.legend()
    if path is not None:
        figure.savefig(path, dpi=120)
    if show:
        plt.show()
    return figure
