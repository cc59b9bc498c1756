"""`weights="imagenet"`: the file by its name and hash, from a local server in place of Keras's."""

import dataclasses
import hashlib
import importlib

import minidl
import numpy as np
import pytest
from minidl import applications
from minidl.applications import _building

from tests.utils.server import serve

h5py = pytest.importorskip("h5py")

MODULES = {
    "InceptionV3": "inception_v3",
    "ResNet50": "resnet50",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "Xception": "xception",
}


def _old_file(model, path):
    """Weights in the layout of Keras's published files; their values."""
    rng = np.random.default_rng(0)
    weighted = [layer for layer in model.layers if layer.weights]
    values = []
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in weighted]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.1.0"
        for layer in weighted:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{w.name}:0" for w in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, w in zip(names, layer.weights, strict=True):
                values.append(rng.random(w.shape, np.float32))
                group[name] = values[-1]
    return values


@pytest.fixture
def hosted(monkeypatch, tmp_path):
    """A function that serves the file of a network; the rest of a download is as for users."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with serve() as server:
        monkeypatch.setattr(_building, "WEIGHTS_URL", server.url)

        def host(name, md5=None, **settings):
            path = tmp_path / "file.h5"
            values = _old_file(getattr(applications, name)(weights=None, **settings), path)
            body = path.read_bytes()
            module = importlib.import_module(f"minidl.applications.{MODULES[name]}")
            file = module._PUBLISHED.no_top[0]
            digest = md5 or hashlib.md5(body).hexdigest()
            monkeypatch.setattr(
                module,
                "_PUBLISHED",
                dataclasses.replace(module._PUBLISHED, no_top=(file, digest)),
            )
            server.files[f"{module._PUBLISHED.folder}/{file}"] = (body, '"1"')
            return server, values

        yield host


@pytest.mark.parametrize("name", MODULES)
def test_fetched_by_name_and_hash(name, hosted):
    server, values = hosted(name, include_top=False)
    network = getattr(applications, name)
    model = network(weights="imagenet", include_top=False)
    weighted = [w.numpy() for layer in model.layers for w in layer.weights]
    for a, b in zip(weighted, values, strict=True):
        np.testing.assert_array_equal(a, b)
    network(weights="imagenet", include_top=False)
    assert len(server.requests) == 1  # the second time it is in the cache


def test_mobilenet_is_named_by_width_and_size(hosted, monkeypatch, tmp_path):
    settings = dict(alpha=0.35, include_top=False, input_shape=(96, 96, 3))
    path = tmp_path / "m.h5"
    values = _old_file(applications.MobileNetV2(weights=None, **settings), path)
    file = "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5"
    with serve(**{file: path.read_bytes()}) as server:
        monkeypatch.setattr(_building, "WEIGHTS_URL", server.url)
        model = applications.MobileNetV2(weights="imagenet", **settings)
    weighted = [w.numpy() for layer in model.layers for w in layer.weights]
    for a, b in zip(weighted, values, strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_file_is_refused_and_not_kept(hosted, tmp_path):
    hosted("ResNet50", md5="0" * 32, include_top=False)
    with pytest.raises(ValueError, match=r"(?i)hash"):
        applications.ResNet50(weights="imagenet", include_top=False)
    assert not list((tmp_path / "home" / "models").glob("*.h5"))


def test_a_download_that_breaks_off_goes_on(hosted):
    server, _ = hosted("VGG16", include_top=False)
    server.cut = 1000
    try:
        applications.VGG16(weights="imagenet", include_top=False)
    except (OSError, ConnectionError):
        applications.VGG16(weights="imagenet", include_top=False)
    assert server.requests[-1][1] == "bytes=1000-"


def test_without_a_network(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(_building, "WEIGHTS_URL", "http://127.0.0.1:9/")
    with pytest.raises(ConnectionError, match="resnet50_weights"):
        applications.ResNet50(weights="imagenet", include_top=False)
    assert minidl.applications.ResNet50(weights=None, include_top=False).layers
