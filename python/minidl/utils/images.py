"""Images from and to files and arrays, through Pillow, which is imported when it is used."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np

from ..config import floatx

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_FILTERS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def _pillow(what: str) -> Any:
    try:
        import PIL.Image
    except ImportError as error:
        raise ImportError(f"{what} needs Pillow: pip install pillow (or minidl[image]).") from error
    return PIL.Image


def _check_format(data_format: Any) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"minidl keeps images channels-last. Received: data_format={data_format!r}"
        )


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """An image from a file, as a Pillow image.

    Args:
        path: Path of the file, or a `BytesIO`.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`. Defaults to `"rgb"`.
        target_size: (height, width) to resize to, or None.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"hamming"`, `"box"` or
            `"lanczos"`. Defaults to `"nearest"`.
        keep_aspect_ratio: Whether the middle part with the proportions of `target_size` is cut
            out first. Defaults to False.

    Returns:
        A Pillow image, completely read.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: the file is truncated or no image (the message names it), or an argument is
            unknown.

    Source: `keras.utils.load_img`.

    >>> import minidl
    >>> import io
    >>> file = io.BytesIO()
    >>> minidl.utils.save_img(file, np.zeros((4, 6, 3)), file_format="png")
    >>> minidl.utils.load_img(file, target_size=(2, 2)).size
    (2, 2)
    """
    image_module = _pillow("load_img")
    if color_mode not in _MODES:
        raise ValueError(
            f"`color_mode` must be 'grayscale', 'rgb' or 'rgba'. Received: {color_mode!r}"
        )
    if target_size is not None and interpolation not in _FILTERS:
        raise ValueError(
            f"`interpolation` must be one of {', '.join(_FILTERS)}. Received: {interpolation!r}"
        )
    if isinstance(path, io.BytesIO):
        data, name = path, "the BytesIO"
    elif isinstance(path, (str, bytes, os.PathLike)):
        name = f"'{os.fsdecode(path)}'"
        with open(path, "rb") as file:
            data = io.BytesIO(file.read())
    else:
        raise TypeError(f"`path` must be a path or a BytesIO. Received: {type(path).__name__}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", image_module.DecompressionBombWarning)
            image = image_module.open(data)
            image.load()
            if color_mode == "grayscale":
                # images of 16 and 32 bits keep their values
                image = image if image.mode in ("L", "I;16", "I") else image.convert("L")
            elif image.mode != _MODES[color_mode]:
                image = image.convert(_MODES[color_mode])
    except (OSError, SyntaxError, ValueError, EOFError, image_module.DecompressionBombError,
            image_module.DecompressionBombWarning) as error:  # fmt: skip
        raise ValueError(f"{name} is truncated or no image that can be read: {error}") from None
    if target_size is None:
        return image
    size = (int(target_size[1]), int(target_size[0]))
    if image.size == size:
        return image
    box = None
    if keep_aspect_ratio:
        width, height = image.size
        part = (min(width, height * size[0] // size[1]), min(height, width * size[1] // size[0]))
        left, top = (width - part[0]) // 2, (height - part[1]) // 2
        box = (left, top, left + part[0], top + part[1])
    return image.resize(size, getattr(image_module.Resampling, interpolation.upper()), box=box)


def img_to_array(img: Any, data_format: Any = None, dtype: Any = None) -> np.ndarray:
    """An array of shape (height, width, channels) of a Pillow image.

    Args:
        img: Pillow image, or an array of 2 or 3 axes.
        data_format: None or `"channels_last"`.
        dtype: Defaults to the default float type.

    Raises:
        ValueError: what is given has not 2 or 3 axes.

    Source: `keras.utils.img_to_array`.

    >>> import minidl, numpy as np
    >>> minidl.utils.img_to_array(np.zeros((4, 5), "uint8")).shape
    (4, 5, 1)
    """
    _check_format(data_format)
    x = np.asarray(img, dtype=dtype or floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"An image has 2 or 3 axes. Received: shape {x.shape}")
    return x[..., None] if x.ndim == 2 else x


def array_to_img(x: Any, data_format: Any = None, scale: bool = True, dtype: Any = None) -> Any:
    """A Pillow image of an array.

    Args:
        x: Array of shape (height, width, channels) with 1, 3 or 4 channels.
        data_format: None or `"channels_last"`.
        scale: Whether values are stretched to [0, 255]; else they are taken as they are.
            Defaults to True.
        dtype: The dtype to compute with. Defaults to the default float type.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: another shape.

    Source: `keras.utils.array_to_img`.

    >>> import minidl
    >>> minidl.utils.array_to_img(np.zeros((4, 6, 3))).size  # (width, height)
    (6, 4)
    """
    image_module = _pillow("array_to_img")
    _check_format(data_format)
    x = np.array(x, dtype=dtype or floatx())
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"An image has 3 axes, the last with 1, 3 or 4 channels. Received: shape {x.shape}"
        )
    if scale and x.size:
        x -= x.min()
        x *= 255 / (x.max() or 1)
    if x.shape[2] == 1:
        values = x[..., 0]
        return image_module.fromarray(values.astype("int32" if values.max() > 255 else "uint8"))
    return image_module.fromarray(x.astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: Any = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array to an image file.

    Args:
        path: Path, or a file object.
        x: Array of shape (height, width, channels).
        data_format: None or `"channels_last"`.
        file_format: `"png"`, `"jpeg"`, ...; None goes by the name of the file.
        scale: As in `array_to_img`.
        **kwargs: For Pillow's `Image.save`, as `quality`.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: another shape, or an unknown format.

    Source: `keras.utils.save_img`.

    >>> import minidl
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "grey.png")
    >>> minidl.utils.save_img(path, np.full((4, 6, 1), 0.5))
    >>> minidl.utils.load_img(path).size
    (6, 4)
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:]
    file_format = (file_format or "").lower()
    file_format = "jpeg" if file_format == "jpg" else file_format
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("JPEG has no transparency: the image is saved as RGB.", stacklevel=2)
        image = image.convert("RGB")
    try:
        image.save(path, format=file_format or None, **kwargs)
    except KeyError:
        raise ValueError(f"Pillow does not know the image format {file_format!r}.") from None
