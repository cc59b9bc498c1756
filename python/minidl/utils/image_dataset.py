"""image_dataset_from_directory: a dataset of the images in a folder."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import ops
from ..data import AUTOTUNE, Dataset
from .images import _check_format, _pillow, img_to_array, load_img

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: Any = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """A dataset of the images below a folder, one subfolder a class.

    Files are read and resized by threads while training goes on.

    Args:
        directory: The folder.
        labels: `"inferred"` takes the names of the subfolders, in their order; a list gives one
            integer for each file, in the order of the sorted paths; None gives images alone.
        label_mode: `"int"`, `"categorical"` (one-hot), `"binary"` (float 0 or 1) or None.
        class_names: The subfolders to use, in the order of their numbers; None for all.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        batch_size: Images in a batch; None gives them one by one.
        image_size: (height, width) that all images get, or one number for both.
        shuffle: Whether each pass has another order; else files are sorted.
        seed: Integer for the order; with `validation_split` and `shuffle` it must be given.
        validation_split: Share of the files set aside for validation, in (0, 1).
        subset: `"training"`, `"validation"`, or `"both"` for a list of two datasets.
        interpolation: `"bilinear"`, `"nearest"` or `"bicubic"`.
        follow_links: Whether links to folders are followed.
        crop_to_aspect_ratio: Whether the middle part is cut out, so that nothing is distorted.
        pad_to_aspect_ratio: Whether borders are added for the same end.
        data_format: None or `"channels_last"`.
        format: `"tf"`: a `minidl.data.Dataset`, whatever its name.
        verbose: Whether the number of files is printed.

    Returns:
        A Dataset of images, float32 in [0, 255], or `(images, labels)`, with the attributes
        `class_names` and `file_paths`.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: unknown arguments or no images; while iterating: a file that is truncated or
            no image, which the message names.

    Source: `keras.utils.image_dataset_from_directory`.

    >>> import minidl
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for kind in ("cats", "dogs"):
    ...     (folder / kind).mkdir()
    ...     minidl.utils.save_img(folder / kind / "1.png", np.zeros((8, 8, 3)))
    >>> images = minidl.utils.image_dataset_from_directory(folder, image_size=(4, 4), verbose=False)
    >>> images.class_names, next(iter(images))[0].shape
    (['cats', 'dogs'], (2, 4, 4, 3))
    """
    _pillow("image_dataset_from_directory")
    _check_format(data_format)
    if format != "tf":
        raise ValueError(f"Datasets are minidl's own: format='tf'. Received: format={format!r}")
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            "`label_mode` must be 'int', 'categorical', 'binary' or None. "
            f"Received: label_mode={label_mode!r}"
        )
    if color_mode not in _CHANNELS:
        raise ValueError(
            f"`color_mode` must be 'rgb', 'rgba' or 'grayscale'. Received: {color_mode!r}"
        )
    if labels not in ("inferred", None) if isinstance(labels, (str, type(None))) else False:
        raise ValueError(f"`labels` must be 'inferred', None or a list. Received: {labels!r}")
    if class_names is not None and not (isinstance(labels, str) and labels == "inferred"):
        raise ValueError("`class_names` goes with labels='inferred' only.")
    if interpolation not in ("nearest", "bilinear", "bicubic"):
        raise ValueError(
            "`interpolation` must be 'nearest', 'bilinear' or 'bicubic'. "
            f"Received: interpolation={interpolation!r}"
        )
    _check_split(validation_split, subset, shuffle, seed)
    size = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(size) != 2:
        raise ValueError(f"`image_size` must be (height, width). Received: {image_size}")
    if labels is None or label_mode is None:
        labels = label_mode = None
    paths, numbers, class_names = _index(directory, labels, class_names, follow_links, verbose)
    if label_mode == "binary" and len(class_names) != 2:
        raise ValueError(f"label_mode='binary' needs exactly 2 classes. Received: {class_names}")
    if shuffle:  # Keras's order, so that both sides of a split are the same files
        order = np.arange(len(paths))
        first = seed if seed is not None else int(np.random.default_rng().integers(10**6))
        np.random.RandomState(first).shuffle(order)
        paths = [paths[i] for i in order]
        numbers = None if numbers is None else numbers[order]

    def load(path: np.ndarray, *label: Any) -> Any:
        image = img_to_array(load_img(str(path), color_mode), dtype="float32")
        image = ops.image.resize(
            image,
            size,
            interpolation,
            crop_to_aspect_ratio=crop_to_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
        ).numpy()
        return (image, *label) if label else image

    def make(part: slice, mix: bool) -> Dataset:
        files = paths[part]
        if not files:
            raise ValueError(
                f"There are no images for this part in '{directory}': files must end in "
                f"{', '.join(FORMATS)}."
            )
        parts: Any = np.array(files)
        if numbers is not None:
            parts = (parts, _targets(numbers[part], label_mode, len(class_names)))
        data = Dataset.from_tensor_slices(parts)
        if mix:
            data = data.shuffle(len(files), seed=seed)
        data = data.map(load, num_parallel_calls=AUTOTUNE)
        data = data if batch_size is None else data.batch(batch_size)
        made: Any = data.prefetch(2)
        made.class_names, made.file_paths = class_names, files
        return made

    cut = len(paths) - int((validation_split or 0) * len(paths))
    if subset == "both":
        return [make(slice(cut), shuffle), make(slice(cut, None), False)]
    if subset == "validation":
        return make(slice(cut, None), shuffle)
    return make(slice(cut), shuffle)


def _check_split(share: Any, subset: Any, shuffle: bool, seed: Any) -> None:
    if share is not None and not 0 < share < 1:
        raise ValueError(f"`validation_split` must lie in (0, 1). Received: {share}")
    if (share is None) != (subset is None) or subset not in (
        "training", "validation", "both", None):  # fmt: skip
        raise ValueError(
            "`subset` ('training', 'validation' or 'both') and `validation_split` are given "
            f"together. Received: subset={subset!r}, validation_split={share}"
        )
    if share is not None and shuffle and seed is None:
        raise ValueError(
            "With `validation_split` and `shuffle=True` a `seed` is needed: else the two parts "
            "would overlap."
        )


def _index(directory: Any, labels: Any, class_names: Any, follow: bool, verbose: bool) -> tuple:
    """Sorted paths, their class numbers and the names of the classes."""
    directory = os.fspath(directory)
    if not os.path.isdir(directory):
        raise ValueError(f"'{directory}' is no folder.")
    folders = [""]
    if isinstance(labels, str):
        found = sorted(
            e.name for e in os.scandir(directory) if e.is_dir() and not e.name.startswith(".")
        )
        if class_names is not None and not set(class_names) <= set(found):
            raise ValueError(
                f"`class_names` must be subfolders of '{directory}', which are {found}. "
                f"Received: class_names={list(class_names)}"
            )
        folders = list(class_names) if class_names is not None else found
    paths: list[str] = []
    numbers: list[int] = []
    for number, folder in enumerate(folders):
        top = os.path.join(directory, folder) if folder else directory
        for root, _, files in sorted(os.walk(top, followlinks=follow)):
            kept = [f for f in sorted(files) if f.lower().endswith(FORMATS)]
            paths += [os.path.join(root, f) for f in kept]
            numbers += [number] * len(kept)
    if not paths:
        raise ValueError(
            f"There are no images in '{directory}': files must end in {', '.join(FORMATS)}"
            + (", in one folder a class." if isinstance(labels, str) else ".")
        )
    if labels is None:
        names, classes = None, None
    elif isinstance(labels, str):
        names, classes = folders, np.array(numbers, "int32")
    else:
        if len(labels) != len(paths):
            raise ValueError(
                f"`labels` must hold one number for each of the {len(paths)} files. "
                f"Received: {len(labels)}"
            )
        classes = np.asarray(labels, "int32")
        names = [str(label) for label in sorted(set(classes.tolist()))]
    if verbose:
        of = "" if names is None else f" belonging to {len(names)} classes"
        print(f"Found {len(paths)} files{of}.", flush=True)
    return paths, classes, names


def _targets(numbers: np.ndarray, mode: str | None, count: int) -> np.ndarray:
    if mode == "categorical":
        return np.eye(count, dtype="float32")[numbers]
    return numbers.astype("float32")[:, None] if mode == "binary" else numbers
