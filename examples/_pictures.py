"""What the items on image files share: a folder of real PNG and JPEG files, some of them broken."""

import os

import numpy as np
from _common import load
from minidl import utils


def write_folder(folder, count=400, size=32):
    """Digits as colour images, a folder a class, every other one a JPEG; then what goes wrong."""
    (x, y), _ = load("digits")
    for i, (image, label) in enumerate(zip(x[:count], y[:count], strict=True)):
        large = np.kron(image[..., 0] * 255, np.ones((size // 8, size // 8)))
        colour = np.repeat(large[..., None], 3, -1).astype("uint8")
        inner = os.path.join(folder, str(label))
        os.makedirs(inner, exist_ok=True)
        name = f"{i:04d}.{'jpg' if i % 2 else 'png'}"
        utils.save_img(os.path.join(inner, name), colour, scale=False)
    first = os.path.join(folder, "0", sorted(os.listdir(os.path.join(folder, "0")))[0])
    with open(first, "rb") as file:
        data = file.read()
    broken = {
        "truncated.png": data[: len(data) // 2],
        "text.jpg": b"this is no image",
        "empty.png": b"",
    }
    for name, content in broken.items():
        with open(os.path.join(folder, "0", name), "wb") as file:
            file.write(content)


def remove_broken(folder):
    """Take away files that cannot be read as images; their names and what is wrong with them."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(root, name)
            try:
                utils.load_img(path)
            except (OSError, ValueError, SyntaxError) as error:
                found[name] = type(error).__name__
                os.unlink(path)
    return found
