"""Losses by themselves: the extremes, exact gradients, wrong labels, look-up."""

import minidl
import numpy as np
import pytest
from minidl import losses
from minidl.testing import check_gradients

from tests.losses.cases import CASES, IDS, inputs


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_gradients_in_float64(name, config, kind):
    y, p = inputs(kind, np.random.default_rng(5), dtype=np.float64)
    loss = getattr(losses, name)(**config)
    check_gradients(lambda x: loss(y, x), [p])


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_extremes_are_finite(name, config, kind):
    """Predictions that are certain, right or wrong: finite values and gradients."""
    rng = np.random.default_rng(6)
    y, p = inputs(kind, rng)
    loss = getattr(losses, name)(**config)
    if kind == "embeddings":
        sharp = [np.tile(np.eye(1, p.shape[1]), (len(p), 1))]
    elif config.get("from_logits") or kind in ("same", "signs", "sequences"):
        sharp = [np.where(p > np.median(p), s, -s) for s in (1e4, 80.0)]
    elif kind in ("one-hot", "classes"):
        sharp = [np.eye(p.shape[1])[labels] for labels in ([0] * 6, [0, 1, 2, 3, 4, 0])]
    else:
        sharp = [np.where(p > 0.5, 1.0, 0.0), np.zeros_like(p), np.ones_like(p)]
    for values in sharp:
        x = minidl.Variable(values.astype(np.float32))
        with minidl.GradientTape() as tape:
            out = loss(y, x)
        assert np.isfinite(out.numpy()).all(), values
        assert np.isfinite(tape.gradient(out, x).numpy()).all(), values


def test_cross_entropies_equal_their_formulas():
    """Also where a probability would round to 0: straight from the logits."""
    logits = np.array([[0.0, 200.0, -300.0], [1.0, 2.0, 3.0]])
    exact = logits - np.log(np.exp(logits - 200).sum(1, keepdims=True)) - 200
    exact[1] = logits[1] - np.log(np.exp(logits[1]).sum())
    for labels in ([0, 2], [1, 1], [2, 0]):
        wanted = -exact[[0, 1], labels]
        one_hot = np.eye(3)[labels]
        assert np.allclose(
            losses.sparse_categorical_crossentropy(labels, logits, from_logits=True), wanted
        )
        assert np.allclose(losses.categorical_crossentropy(one_hot, logits, True), wanted)
        # an untouched softmax is taken back to its logits
        p = minidl.ops.softmax(minidl.Tensor(logits))
        assert np.allclose(losses.sparse_categorical_crossentropy(labels, p), wanted)
        assert np.allclose(losses.categorical_crossentropy(one_hot, p), wanted)
    z = np.array([-800.0, -3.0, 0.0, 2.0, 800.0])[:, None]
    for y in (0.0, 0.3, 1.0):
        wanted = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
        got = losses.binary_crossentropy(np.full_like(z, y), z, from_logits=True)
        assert np.allclose(got, wanted[:, 0])


def test_ctc_sums_over_all_alignments():
    """Against every path of 4 steps over 3 classes, by brute force."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((1, 4, 3))
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(1, keepdims=True)

    def squeezed(path):
        kept = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
        return [c for c in kept if c]

    for labels in ([1, 2], [1, 1], [2, 0], [0, 0], [2, 1]):
        wanted = [c for c in labels if c]
        total = sum(
            np.prod([p[t, c] for t, c in enumerate(path)])
            for path in np.ndindex(3, 3, 3, 3)
            if squeezed(path) == wanted
        )
        assert float(losses.ctc([labels], logits)[0]) == pytest.approx(-np.log(total), rel=1e-6)
    assert np.isinf(losses.ctc([[1, 1, 1]], logits[:, :3]).numpy()).all()


X = np.full((4, 3), 0.5, np.float32)
WRONG = [
    ("SparseCategoricalCrossentropy", np.eye(3)[[0, 1, 2, 0]], "one-hot.*categorical_cross"),
    ("SparseCategoricalCrossentropy", [0, 1, 2], r"\(4,\).*\(3,\)"),
    ("SparseCategoricalCrossentropy", [0, 1, 2, 0.5], "whole"),
    ("SparseCategoricalCrossentropy", [0, 1, 2, 3], r"3"),
    ("CategoricalCrossentropy", [0, 1, 2, 0], "class numbers.*to_categorical"),
    ("CategoricalFocalCrossentropy", [0, 1, 2, 0], "class numbers.*to_categorical"),
    ("BinaryCrossentropy", [0, 1, 2, 0], "class numbers.*to_categorical"),
    ("KLDivergence", [0, 1, 2, 0], "class numbers.*to_categorical"),
    ("CategoricalHinge", [0, 1, 2, 0], "class numbers.*to_categorical"),
    ("CategoricalGeneralizedCrossEntropy", np.eye(3)[[0, 1, 2, 0]], "one-hot"),
    ("MeanSquaredError", np.zeros((4, 2)), r"\(4, 2\).*\(4, 3\)"),
    ("Huber", np.zeros((5, 3)), r"\(5, 3\).*\(4, 3\)"),
    ("MeanAbsoluteError", np.array(["a", "b", "c", "d"]), "numbers.*<U1"),
    ("Dice", np.zeros((4, 2)), r"\(4, 2\).*\(4, 3\)"),
    ("Circle", np.zeros((4, 3)), r"\(4, 3\)"),
    ("Circle", [0, 1], r"2 class numbers.*\(4, 3\)"),
    ("CTC", [[1]], r"\(1, 1\).*\(4, 3\)"),
]


@pytest.mark.parametrize(("name", "y", "match"), WRONG, ids=range(len(WRONG)))
def test_wrong_targets(name, y, match):
    with pytest.raises(ValueError, match=match):
        getattr(losses, name)()(y, X)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: losses.MeanSquaredError(reduction="average"), "reduction.*average"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2), "label_smoothing.*2"),
        (lambda: losses.BinaryFocalCrossentropy(label_smoothing=-1), "label_smoothing.*-1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.0), "q.*1"),
        (lambda: losses.get("mean_square_error"), "Did you mean 'mean_squared_error'"),
        (lambda: losses.get("hubert"), "Did you mean 'huber'"),
        (lambda: losses.get(3), "loss=3"),
        (lambda: losses.deserialize({"name": "mse"}), "class_name"),
        (lambda: losses.MeanSquaredError()(X, X, [1.0, 2.0]), "sample_weight"),
        (lambda: losses.ctc([[7]], np.zeros((1, 2, 3))), r"\[0, 3\)"),
    ],
)
def test_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_own_losses():
    def gap(y_true, y_pred):
        return minidl.ops.mean(minidl.ops.absolute(y_true - y_pred), axis=-1) * 2.0

    wrapped = losses.LossFunctionWrapper(gap)
    assert float(wrapped([[1.0]], [[3.0]])) == 4.0
    assert wrapped.name == "gap"
    config = losses.serialize(losses.LossFunctionWrapper(losses.huber, delta=2.0))
    again = losses.LossFunctionWrapper.from_config(config["config"])
    assert float(again([[0.0]], [[3.0]])) == 4.0
    assert losses.deserialize("gap", {"gap": gap}) is gap

    class Own(losses.Loss):
        def call(self, y_true, y_pred):
            return minidl.ops.square(y_true - y_pred)

    assert losses.deserialize(losses.serialize(Own(name="o")), {"Own": Own}).name == "o"


def test_every_function_trains_by_name():
    """Names, functions and classes give one loss in `compile`."""
    rng = np.random.default_rng(0)
    for function, cls in losses.CLASS_OF.items():
        kind = next(kind for name, _, kind in CASES if name == cls.__name__)
        if kind in ("embeddings", "sequences"):
            continue
        y, p = inputs(kind, rng)
        values = []
        spec = (function.__name__, cls())
        if function.__name__ == "categorical_generalized_cross_entropy":  # wants its q
            spec = (cls(),)
        for loss in (*spec, cls.__name__):
            minidl.set_random_seed(0)
            model = minidl.Sequential([minidl.Input(p.shape[1:]), minidl.layers.Softmax()])
            model.compile("sgd", loss)
            values.append(model.evaluate(p, y, verbose=0))
        assert len(set(values)) == 1, function
