"""Images from and to files; datasets of folders of images; sequences; splits."""

import io
import subprocess
import sys

import minidl
import numpy as np
import pytest
from minidl import utils
from minidl.data import Dataset

from tests.keras_peer import keras

pytest.importorskip("PIL", reason="images need Pillow: pip install pillow")
RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 255, (9, 13, 3), np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of images in several formats, modes and sizes."""
    root = tmp_path_factory.mktemp("images")
    for c, name in enumerate(("cats", "dogs", "owls")):
        (root / name / "more").mkdir(parents=True)
        for i in range(4):
            x = RNG.integers(0, 255, (6 + i, 8 + c, (1, 3, 4)[i % 3]), np.uint8)
            place = root / name / ("more" if i == 3 else ".") / f"{i}.{('png', 'bmp')[i % 2]}"
            utils.save_img(place, x, scale=False)
    (root / "cats" / "notes.txt").write_text("no image")
    (root / ".hidden").mkdir()
    return root


def test_round_trip(tmp_path):
    for channels in (1, 3, 4):
        x = RNG.integers(0, 255, (5, 7, channels), np.uint8)
        utils.save_img(tmp_path / "x.png", x, scale=False)
        mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[channels]
        back = utils.img_to_array(utils.load_img(tmp_path / "x.png", mode))
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, x)
    assert (
        utils.img_to_array(utils.array_to_img(x[..., :3], scale=False), dtype="uint8").dtype == "u1"
    )
    utils.save_img(tmp_path / "x.jpg", PICTURE)
    assert utils.load_img(str(tmp_path / "x.jpg")).size == (13, 9)
    with pytest.warns(UserWarning, match="transparency"):
        utils.save_img(tmp_path / "y.jpeg", RNG.integers(0, 255, (5, 7, 4), np.uint8))
    stream = io.BytesIO()
    utils.save_img(stream, PICTURE, file_format="png", scale=False)
    np.testing.assert_array_equal(utils.img_to_array(utils.load_img(stream)), PICTURE)


@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("keep", [False, True])
def test_load_img_equals_keras(tmp_path, mode, interpolation, keep):
    utils.save_img(tmp_path / "x.png", PICTURE, scale=False)
    arguments = (tmp_path / "x.png", mode, (5, 6), interpolation, keep)
    ours, theirs = utils.load_img(*arguments), keras().utils.load_img(*arguments)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_array_to_img_equals_keras():
    for x in (
        PICTURE,
        PICTURE[..., :1],
        PICTURE / 7.0 - 3,
        np.zeros((2, 2, 3)),
        PICTURE[..., :1] * 9.0,
    ):
        for scale in (True, False):
            if not scale and x.min() < 0:
                continue
            ours, theirs = (
                utils.array_to_img(x, scale=scale),
                keras().utils.array_to_img(x, scale=scale),
            )
            assert ours.mode == theirs.mode
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_damaged_files_are_named(tmp_path):
    utils.save_img(tmp_path / "good.png", PICTURE)
    utils.save_img(tmp_path / "good.jpg", RNG.integers(0, 255, (64, 64, 3), np.uint8))
    for name in ("good.png", "good.jpg"):
        body = (tmp_path / name).read_bytes()
        for i, bad in enumerate((body[: len(body) // 2], b"", b"text", body[:20])):
            path = tmp_path / f"bad{i}{name}"
            path.write_bytes(bad)
            with pytest.raises(ValueError, match=f"bad{i}{name}.*truncated or no image"):
                utils.load_img(path)
    with pytest.raises(FileNotFoundError):
        utils.load_img(tmp_path / "missing.png")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: utils.load_img("x.png", "cmyk"), ValueError, "color_mode"),
        (lambda: utils.load_img(3), TypeError, "path"),
        (
            lambda: utils.load_img("x.png", target_size=(2, 2), interpolation="no"),
            ValueError,
            "interp",
        ),
        (lambda: utils.array_to_img(np.zeros((2, 2))), ValueError, r"\(2, 2\)"),
        (lambda: utils.array_to_img(np.zeros((2, 2, 2))), ValueError, "channels"),
        (lambda: utils.img_to_array(np.zeros(2)), ValueError, "axes"),
        (lambda: utils.img_to_array(PICTURE, "channels_first"), ValueError, "channels-last"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_pillow():
    code = (
        "import sys; sys.modules['PIL'] = None\nimport minidl\n"
        "try: minidl.utils.load_img('x.png')\n"
        "except ImportError as e: assert 'pip install pillow' in str(e)\nelse: raise SystemExit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pillow_is_not_imported_with_minidl():
    code = "import sys, minidl; assert not {'PIL', 'urllib.request', 'tarfile'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _folder(folder, **kwargs):
    return utils.image_dataset_from_directory(
        folder, image_size=(6, 5), verbose=False, **{"batch_size": None, "shuffle": False, **kwargs}
    )


def test_image_dataset(folder, capsys):
    data = utils.image_dataset_from_directory(folder, image_size=(6, 5), batch_size=5)
    assert "Found 12 files belonging to 3 classes." in capsys.readouterr().out
    assert data.class_names == ["cats", "dogs", "owls"]
    assert len(data) == 3
    x, y = next(iter(data))
    assert x.shape == (5, 6, 5, 3) and x.dtype == np.float32 and y.dtype == np.int32
    in_order = list(_folder(folder))
    assert [int(y) for _, y in in_order] == [0] * 4 + [1] * 4 + [2] * 4
    path = _folder(folder).file_paths[1]
    expected = minidl.layers.Resizing(6, 5)(utils.img_to_array(utils.load_img(path)))
    np.testing.assert_array_equal(in_order[1][0], expected)
    first, second = ([int(y) for _, y in _folder(folder, shuffle=True)] for _ in range(2))
    assert sorted(first) == sorted(second)


def test_image_dataset_labels(folder):
    y = [y.tolist() for _, y in _folder(folder, label_mode="categorical")]
    assert y[4] == [0.0, 1.0, 0.0]
    two = _folder(folder, label_mode="binary", class_names=["owls", "cats"])
    assert [y.tolist() for _, y in two] == [[0.0]] * 4 + [[1.0]] * 4
    assert next(iter(_folder(folder, labels=None))).shape == (6, 5, 3)
    assert next(iter(_folder(folder, label_mode=None, color_mode="grayscale"))).shape == (6, 5, 1)
    given = _folder(folder, labels=list(range(12)))
    assert [int(y) for _, y in given] == list(range(12))


def test_image_dataset_split(folder):
    kwargs = {"validation_split": 0.25, "seed": 3, "shuffle": True}
    train, held = _folder(folder, subset="both", **kwargs)
    assert len(train) == 9 and len(held) == 3
    assert _folder(folder, subset="training", **kwargs).file_paths == train.file_paths
    assert _folder(folder, subset="validation", **kwargs).file_paths == held.file_paths
    assert not set(train.file_paths) & set(held.file_paths)
    keras()
    theirs = pytest.importorskip("keras.src.utils.dataset_utils").index_directory(
        str(folder), "inferred", (".bmp", ".png"), shuffle=True, seed=3, verbose=False
    )
    assert [p.replace("/./", "/") for p in theirs[0]] == train.file_paths + held.file_paths


def test_image_dataset_names_the_damaged_file(folder, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(ValueError, match=r"broken\.png.*truncated or no image"):
        list(_folder(tmp_path))
    for kwargs, message in (
        ({"directory": tmp_path / "none"}, "no folder"),
        ({"directory": tmp_path / "a"}, "no images"),
        ({"label_mode": "one"}, "label_mode"),
        ({"labels": "some"}, "labels"),
        ({"labels": [1, 2]}, "12 files"),
        ({"class_names": ["cows"]}, "cows"),
        ({"label_mode": "binary"}, "exactly 2"),
        ({"color_mode": "hsv"}, "color_mode"),
        ({"interpolation": "lanczos3"}, "interpolation"),
        ({"validation_split": 2.0, "subset": "training"}, "validation_split"),
        ({"subset": "training"}, "together"),
        ({"validation_split": 0.5, "subset": "both", "shuffle": True}, "seed"),
        ({"format": "grain"}, "format"),
        ({"data_format": "channels_first"}, "channels-last"),
    ):
        with pytest.raises(ValueError, match=message):
            _folder(**{"folder": folder, **{("folder" if k == "directory" else k): v
                                            for k, v in kwargs.items()}})  # fmt: skip


def test_training_from_a_folder(folder):
    data = utils.image_dataset_from_directory(
        folder, image_size=(6, 5), batch_size=4, verbose=False
    )
    model = minidl.Sequential(
        [
            minidl.layers.Rescaling(1 / 255),
            minidl.layers.Flatten(),
            minidl.layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    assert len(model.fit(data, epochs=2, verbose=0).history["loss"]) == 2


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 1, 3, 9])
def test_pad_sequences_equals_keras(padding, truncating, maxlen):
    for rows in ([[1], [2, 3, 4, 5], [], [6, 7]], [np.ones((2, 3)), np.zeros((4, 3))]):
        for kwargs in ({}, {"dtype": "float32", "value": -1.5}):
            arguments = (rows, maxlen, kwargs.get("dtype", "int32"), padding, truncating)
            value = kwargs.get("value", 0.0)
            ours = utils.pad_sequences(*arguments, value=value)
            theirs = keras().utils.pad_sequences(*arguments, value=value)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_pad_sequences_errors():
    for rows, kwargs, message in (
        ([1, 2], {}, "sequences"),
        (3, {}, "sequences"),
        ([[1]], {"padding": "left"}, "padding"),
        ([[1]], {"truncating": "left"}, "truncating"),
        ([["a"]], {"value": "pad"}, "object"),
        ([np.ones((1, 2)), np.ones((1, 3))], {}, "shape"),
    ):
        with pytest.raises(ValueError, match=message):
            utils.pad_sequences(rows, **kwargs)


def test_split_dataset():
    x, y = np.arange(10), np.arange(10) * 2
    for data in ((x, y), [x, y], Dataset.from_tensor_slices((x, y))):
        left, right = utils.split_dataset(data, left_size=0.7)
        assert len(left) == 7 and len(right) == 3
        assert [(int(a), int(b)) for a, b in right] == [(7, 14), (8, 16), (9, 18)]
    left, right = utils.split_dataset(x, right_size=2, shuffle=True, seed=1)
    again, _ = utils.split_dataset(x, right_size=2, shuffle=True, seed=1)
    assert [int(v) for v in left] == [int(v) for v in again] != list(range(8))
    assert sorted(int(v) for part in (left, right) for v in part) == list(range(10))
    left, right = utils.split_dataset(x, left_size=0.3, right_size=0.2)
    assert (len(left), len(right)) == (3, 2)
    assert next(iter(utils.split_dataset((x, y), left_size=4)[0].batch(4)))[0].tolist() == [
        0,
        1,
        2,
        3,
    ]
    for kwargs, error in (
        ({}, ValueError),
        ({"left_size": 1.5}, ValueError),
        ({"left_size": 11}, ValueError),
        ({"left_size": 10}, ValueError),
        ({"left_size": 0.6, "right_size": 0.6}, ValueError),
        ({"left_size": "a"}, TypeError),
    ):
        with pytest.raises(error, match=r"size|elements"):
            utils.split_dataset(x, **kwargs)
    with pytest.raises(TypeError, match="dataset"):
        utils.split_dataset(3, left_size=1)
