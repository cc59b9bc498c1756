"""Image layers, Normalization and the small layers beside them, against Keras."""

import minidl
import numpy as np
import pytest
from minidl import layers
from minidl.testing import check_gradients

from tests.checks import assert_close
from tests.keras_peer import keras, value
from tests.layers.peers import compare, make_pair

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (3, 7, 10, 2)).astype(np.float32)
# Ranges with equal ends: what is drawn is known, and both sides do the same.
TRANSFORMS = {
    "RandomRotation": [{"factor": (a, a)} for a in (0.1, -0.27, 0.5, 0.03)],
    "RandomZoom": [
        {"height_factor": (0.3, 0.3)},
        {"height_factor": (-0.4, -0.4), "width_factor": (0.2, 0.2)},
        {"height_factor": (0.0, 0.0), "width_factor": (-0.5, -0.5)},
    ],
    "RandomTranslation": [
        {"height_factor": (0.3, 0.3), "width_factor": (-0.21, -0.21)},
        {"height_factor": (-0.9, -0.9), "width_factor": (0.0, 0.0)},
        {"height_factor": (0.11, 0.11), "width_factor": (0.77, 0.77)},
    ],
}


def _cases():
    for name, configs in TRANSFORMS.items():
        for i, config in enumerate(configs):
            for fill in ("reflect", "wrap", "constant", "nearest"):
                for interpolation in ("bilinear", "nearest"):
                    if interpolation == "nearest" and i:
                        continue
                    yield name, {**config, "fill_mode": fill, "interpolation": interpolation,
                                 "fill_value": 3.0}  # fmt: skip


@pytest.mark.parametrize(("name", "config"), list(_cases()))
def test_given_transform_equals_keras(name, config):
    peer = getattr(keras().layers, name)(name="same", **config)
    ours = getattr(layers, name)(name="same", **config)
    assert ours.get_config() == peer.get_config()
    again = type(ours).from_config(peer.get_config())
    for x in (IMAGES, IMAGES[0]):
        got = again(x, training=True)
        assert_close(got, value(peer(x, training=True)), 2e-4, name)
        assert got.shape == again.compute_output_shape(x.shape)
        np.testing.assert_array_equal(ours(x, training=False), x)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("RandomContrast", {"factor": (0.0, 0.0)}),
        ("RandomBrightness", {"factor": (0.3, 0.3)}),
        ("RandomBrightness", {"factor": (-0.3, -0.3), "value_range": (20, 200)}),
        ("RandomFlip", {"mode": "vertical"}),
        ("RandomFlip", {}),
        ("RandomContrast", {"factor": 0.4, "seed": 3}),
        ("RandomCrop", {"height": 3, "width": 4, "seed": 3}),
        ("CenterCrop", {"height": 3, "width": 4}),
        ("CenterCrop", {"height": 4, "width": 5}),
        ("CenterCrop", {"height": 9, "width": 4}),
        ("CenterCrop", {"height": 9, "width": 14}),
    ],
)
def test_configs_and_fixed_results_equal_keras(name, config):
    peer = getattr(keras().layers, name)(name="same", **config)
    ours = getattr(layers, name)(name="same", **config)
    assert ours.get_config() == peer.get_config()
    assert type(ours).from_config(peer.get_config()).get_config() == ours.get_config()
    for shape in ((3, 7, 10, 2), (7, 10, 2), (None, None, None, 3)):
        assert tuple(ours.compute_output_shape(shape)) == tuple(peer.compute_output_shape(shape))
    if name in ("RandomBrightness", "CenterCrop") or config.get("factor") == (0.0, 0.0):
        for x in (IMAGES, IMAGES[1], IMAGES.astype(np.uint8)):
            got = ours(x, training=True)
            assert got.dtype == np.float32
            # Keras's RandomBrightness adds to bytes as bytes, which run over
            x = x if name == "CenterCrop" else x.astype(np.float32)
            assert_close(got, value(peer(x, training=True)), 1e-5, name)


def _resizings():
    for kind in ("nearest", "bilinear", "bicubic"):
        for antialias in (False, True):
            for ratio in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}):
                for size in ((4, 5), (11, 13), (9, 3)):
                    if antialias and kind == "nearest":
                        continue
                    yield {"height": size[0], "width": size[1], "interpolation": kind,
                           "antialias": antialias, "fill_value": 7.0, **ratio}  # fmt: skip


@pytest.mark.parametrize("config", list(_resizings()))
def test_resizing_equals_keras(config):
    peer = keras().layers.Resizing(name="same", **config)
    ours = layers.Resizing(name="same", **config)
    assert ours.get_config() == peer.get_config()
    for x in (IMAGES, IMAGES[0]):
        assert_close(ours(x), value(peer(x)), 2e-5, str(config))
    shape = (None, None, None, 3)
    assert ours.compute_output_shape(shape) == tuple(peer.compute_output_shape(shape))


RANDOM = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomZoom": {"height_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomContrast": {"factor": 0.5},
    "RandomBrightness": {"factor": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "GaussianDropout": {"rate": 0.5},
}


@pytest.mark.parametrize("name", RANDOM)
def test_reproducible_under_a_seed(name):
    def run():
        layer = getattr(layers, name)(**RANDOM[name])
        return [layer(IMAGES, training=True).numpy() for _ in range(4)]

    minidl.set_random_seed(5)
    first = run()
    other = run()
    minidl.set_random_seed(5)
    again = run()
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    assert any((a != first[0]).any() for a in first[1:])


def test_each_image_has_its_own_draw():
    x = np.repeat(IMAGES[:1], 40, 0)
    for name in ("RandomRotation", "RandomZoom", "RandomTranslation", "RandomBrightness"):
        y = getattr(layers, name)(seed=1, **RANDOM[name])(x, training=True).numpy()
        assert len({a.tobytes() for a in y}) == 40
    y = layers.RandomFlip("horizontal", seed=1)(x, training=True).numpy()
    kinds = {a.tobytes(): a for a in y}
    assert len(kinds) == 2
    assert {a.tobytes() for a in kinds.values()} == {
        IMAGES[0].tobytes(), np.ascontiguousarray(IMAGES[0, :, ::-1]).tobytes()}  # fmt: skip
    share = sum((a == IMAGES[0]).all() for a in y) / 40
    assert 0.2 < share < 0.8


def test_random_crop_is_a_part():
    layer = layers.RandomCrop(3, 4, seed=1)
    places = set()
    for _ in range(60):
        y = layer(IMAGES, training=True).numpy()
        hits = [(i, j) for i in range(5) for j in range(7)
                if (IMAGES[:, i : i + 3, j : j + 4] == y).all()]  # fmt: skip
        assert len(hits) == 1
        places.update(hits)
    assert {i for i, _ in places} == set(range(5))
    assert {j for _, j in places} == set(range(7))
    middle = layer(IMAGES, training=False)
    assert middle.shape == (3, 3, 4, 2)
    np.testing.assert_allclose(middle, layers.Resizing(3, 4, crop_to_aspect_ratio=True)(IMAGES))


def test_contrast_draws_from_its_range():
    x = np.tile(np.array([90.0, 110.0], np.float32).reshape(1, 1, 2, 1), (300, 1, 1, 1))
    y = layers.RandomContrast((0.5, 0.25), seed=1)(x, training=True).numpy()
    factors = (y[:, 0, 1, 0] - y[:, 0, 0, 0]) / 20
    assert 0.75 <= factors.min() < 0.77
    assert 1.45 < factors.max() <= 1.5
    np.testing.assert_allclose(y.mean((1, 2, 3)), 100, rtol=1e-5)


def test_masks_move_with_their_images():
    images = IMAGES
    masks = (IMAGES[..., :1] > 128).astype(np.int32)
    layer = layers.RandomRotation(0.2, interpolation="nearest", seed=2)
    out = layer({"images": images, "segmentation_masks": masks, "labels": np.arange(3)})
    np.testing.assert_array_equal(
        out["images"].numpy()[..., :1] > 128, out["segmentation_masks"] == 1
    )
    assert out["labels"].numpy().tolist() == [0, 1, 2]
    smooth = layers.RandomRotation(0.2, seed=2)({"images": images, "segmentation_masks": masks})
    assert set(np.unique(smooth["segmentation_masks"])) <= {0.0, 1.0}
    kept = layers.RandomBrightness(0.2)({"images": images, "segmentation_masks": masks})
    np.testing.assert_array_equal(kept["segmentation_masks"], masks)
    with pytest.raises(ValueError, match="bounding_boxes"):
        layer({"images": images, "bounding_boxes": masks})


SMALL = {
        "PReLU": [({}, (3, 4)), ({"shared_axes": [1, 2]}, (2, 3, 4, 5)),
                  ({"shared_axes": 1}, (2, 3, 2))],
        "Permute": [({"dims": (2, 1)}, (2, 3, 4)), ({"dims": (3, 1, 2)}, (2, 3, 4, 5))],
        "RepeatVector": [({"n": 3}, (2, 4)), ({"n": 1}, (1, 5))],
        "Rescaling": [({"scale": 0.1}, (2, 3)), ({"scale": 2.0, "offset": -1.0}, (2, 3, 4)),
                      ({"scale": [1.0, 2.0, 3.0], "offset": 0.5}, (2, 2, 3))],
        "ActivityRegularization": [({"l1": 0.1, "l2": 0.2}, (3, 4))],
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_small_layers_equal_keras(name):
    for config, shape in SMALL[name]:
        ours, peer = make_pair(name, config, shape)
        compare(ours, peer, shape, training=False)
        mine = ours.get_config()
        assert mine == {k: v for k, v in peer.get_config().items() if k in mine}
        assert type(ours).from_config(peer.get_config()).get_config() == mine
        for known in (shape, (None, *shape[1:])):
            theirs = tuple(peer.compute_output_shape(known))
            assert tuple(ours.compute_output_shape(known)) == theirs
        if name == "ActivityRegularization":
            np.testing.assert_allclose(float(ours.losses[0]), float(value(peer.losses[0])), 1e-5)


def test_rescaling_with_arrays_goes_through_its_config():
    layer = layers.Rescaling(np.array([1.0, 2.0]), offset=np.array([3.0, 4.0]))
    config = keras().layers.Rescaling(np.array([1.0, 2.0]), np.array([3.0, 4.0])).get_config()
    assert {k: layer.get_config()[k] for k in ("scale", "offset")} == {
        k: config[k] for k in ("scale", "offset")}  # fmt: skip
    again = layers.Rescaling.from_config(config)
    np.testing.assert_array_equal(again([[1.0, 1.0]]), [[4.0, 6.0]])


@pytest.mark.parametrize("axis", [-1, None, (1, 3), 2, (1, 2, 3)])
def test_normalization_equals_keras(axis):
    x = IMAGES * np.array([1.0, 30.0], np.float32)
    peer, ours = keras().layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    peer.adapt(x)
    ours.adapt(x)
    assert [w.name for w in ours.weights] == [w.name for w in peer.weights]
    assert_close(ours(x), value(peer(x)), 1e-5)
    batches = layers.Normalization(axis=axis)
    batches.adapt([x[:1], x[1:]])
    assert_close(batches(x), value(peer(x)), 1e-5)
    back = layers.Normalization(axis=axis, invert=True)
    back.build(x.shape)
    back.set_weights(ours.get_weights())
    assert_close(back(ours(x)), x, 1e-5)
    known = layers.Normalization(axis=-1, mean=[1.0, 2.0], variance=[4.0, 9.0])
    theirs = keras().layers.Normalization(axis=-1, mean=[1.0, 2.0], variance=[4.0, 9.0])
    assert_close(known(x), value(theirs(x)), 1e-5)
    mine = known.get_config()
    assert mine == {**theirs.get_config(), "name": mine["name"]}
    assert layers.Normalization.from_config(mine).get_config() == mine


def test_lambda():
    layer = layers.Lambda(lambda x, training: x * (2 if training else 3))
    assert layer([[1.0]], training=True).numpy() == 2
    assert layer([[1.0]]).numpy() == 3
    assert layers.Lambda(lambda x, n: x + n, arguments={"n": 4})([[1.0]]).numpy() == 5
    shaped = layers.Lambda(lambda x: x[:, :1], output_shape=(1,))
    assert shaped.compute_output_shape((None, 4)) == (None, 1)
    assert layers.Lambda(lambda x: x[:, :2]).compute_output_shape((None, 4)) == (None, 2)
    again = layers.Lambda.from_config(layer.get_config())
    assert again([[1.0]]).numpy() == 3
    with pytest.raises(TypeError, match="function"):
        layers.Lambda(3)


def test_lambda_is_not_loaded_from_files():
    peer = keras().layers.Lambda(lambda x: x * 2)
    for config in (peer.get_config(), {"function": "relu"}, {"function": None}, {},
                   {"function": abs, "output_shape": {"class_name": "__lambda__"}}):  # fmt: skip
        with pytest.raises(ValueError, match="cannot be loaded from a file"):
            layers.deserialize({"class_name": "Lambda", "config": config})


@pytest.mark.parametrize("name", ["GaussianNoise", "GaussianDropout"])
def test_noise_is_normal(name):
    x = np.full((200, 500), 2.0, np.float32)
    layer = getattr(layers, name)(0.2, seed=1)
    y = layer(x, training=True).numpy()
    stddev = 0.2 if name == "GaussianNoise" else 2 * np.sqrt(0.2 / 0.8)
    assert abs(y.mean() - 2) < 0.01
    assert abs(y.std() / stddev - 1) < 0.01
    assert (layer(x).numpy() == x).all()
    config = getattr(keras().layers, name)(0.2, seed=1, name="a").get_config()
    assert getattr(layers, name)(0.2, seed=1, name="a").get_config() == config


def test_gradients():
    x = (np.random.default_rng(3).permutation(2 * 5 * 4 * 2).reshape(2, 5, 4, 2) - 40.25) / 16
    for layer in (
        layers.Resizing(3, 7, "bicubic", dtype="float64"),
        layers.Resizing(3, 7, antialias=True, dtype="float64"),
        layers.Resizing(4, 4, pad_to_aspect_ratio=True, dtype="float64"),
        layers.CenterCrop(2, 3, dtype="float64"),
        layers.PReLU(alpha_initializer="ones", dtype="float64"),
        layers.Permute((2, 3, 1), dtype="float64"),
        layers.Rescaling(2.0, 1.0, dtype="float64"),
        layers.Normalization(mean=1.0, variance=2.0, dtype="float64"),
        layers.Lambda(lambda x: x**3, dtype="float64"),
        layers.ActivityRegularization(0.1, dtype="float64"),
    ):
        check_gradients(layer, [x], variables=layer.trainable_weights, projections=2)
    for fill in ("reflect", "wrap", "constant", "nearest"):
        layer = layers.RandomRotation((0.1, 0.1), fill, dtype="float64")
        check_gradients(layer, [x], projections=2)
    for layer in (
        layers.RandomZoom((0.2, 0.2), dtype="float64"),
        layers.RandomTranslation((0.2, 0.2), (0.3, 0.3), dtype="float64"),
        layers.RandomBrightness((0.001, 0.001), (-90, 90), dtype="float64"),
        layers.RandomContrast((0.0, 0.0), (-90, 90), dtype="float64"),
    ):
        check_gradients(layer, [x], projections=2)
    check_gradients(layers.RepeatVector(3, dtype="float64"), [x[0, 0]])
    for make in (
        lambda: layers.RandomFlip(seed=1, dtype="float64"),
        lambda: layers.RandomCrop(2, 3, seed=1, dtype="float64"),
        lambda: layers.GaussianNoise(0.5, seed=1, dtype="float64"),
        lambda: layers.GaussianDropout(0.5, seed=1, dtype="float64"),
    ):  # a new layer with one seed draws the same each time
        check_gradients(lambda v, make=make: make()(v, training=True), [x], projections=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Resizing(0, 3), "height.*0"),
        (lambda: layers.Resizing(3, 2.5), "width.*2.5"),
        (lambda: layers.Resizing(3, 3, "lanczos3"), "lanczos3"),
        (lambda: layers.Resizing(3, 3, fill_mode="wrap"), "fill_mode"),
        (
            lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            "both",
        ),
        (lambda: layers.Resizing(3, 3, data_format="channels_first"), "moveaxis"),
        (lambda: layers.Resizing(3, 3)(np.ones((2, 3))), r"\(2, 3\)"),
        (lambda: layers.CenterCrop(3, 3).compute_output_shape((3, 3)), r"\(3, 3\)"),
        (lambda: layers.RandomFlip("diagonal"), "diagonal"),
        (lambda: layers.RandomRotation(1.5), "factor.*1.5"),
        (lambda: layers.RandomRotation("a"), "factor"),
        (lambda: layers.RandomRotation((0, 0, 0)), "factor"),
        (lambda: layers.RandomRotation(0.1, fill_mode="mirror"), "fill_mode"),
        (lambda: layers.RandomRotation(0.1, interpolation="bicubic"), "interpolation"),
        (lambda: layers.RandomZoom(0.1, 3.0), "width_factor.*3.0"),
        (lambda: layers.RandomContrast(-0.1), "factor"),
        (lambda: layers.RandomBrightness(0.1, value_range=3), "value_range"),
        (lambda: layers.RandomFlip(bounding_box_format="xyxy"), "bounding_box_format"),
        (lambda: layers.PReLU(shared_axes=[3])(np.ones((2, 3))), "shared_axes"),
        (lambda: layers.Permute((1, 3)), "dims"),
        (lambda: layers.RepeatVector(0), "n"),
        (lambda: layers.GaussianNoise(1.5), "stddev"),
        (lambda: layers.GaussianDropout(1), "rate"),
        (lambda: layers.ActivityRegularization(-1.0), "l1"),
        (lambda: layers.Normalization(mean=1.0), "variance"),
        (lambda: layers.Normalization(axis=4)(np.ones((2, 3))), "axis"),
        (lambda: layers.Normalization().adapt([]), "no batches"),
        (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(IMAGES), "adapt"),
        (lambda: layers.Normalization().adapt([np.ones((2, 3)), np.ones((2, 4))]), r"\(2, 4\)"),
        (lambda: layers.Normalization(mean=[1.0] * 3, variance=[1.0] * 3)(np.ones((2, 4))), "mean"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
