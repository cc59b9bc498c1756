"""Metrics by themselves: against scikit-learn, at the edges, in `fit`, and what they refuse."""

import minidl
import numpy as np
import pytest
from minidl import metrics

from tests.metrics.cases import CASES, IDS, inputs


def test_equal_scikit_learn():
    sk = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 2, 500), rng.uniform(0, 1, 500).astype(np.float32)
    scores[y == 1] = np.sqrt(scores[y == 1])
    said = scores > 0.5
    for name, wanted in (
        ("BinaryAccuracy", sk.accuracy_score(y, said)),
        ("Precision", sk.precision_score(y, said)),
        ("Recall", sk.recall_score(y, said)),
    ):
        assert float(getattr(metrics, name)()(y, scores)) == pytest.approx(wanted)
    exact = sk.roc_auc_score(y, scores)
    assert float(metrics.AUC(num_thresholds=2000)(y, scores)) == pytest.approx(exact, abs=1e-3)
    classes, guess = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    one_hot, guessed = np.eye(4)[classes], np.eye(4)[guess]
    for average in ("macro", "micro", "weighted", None):
        got = metrics.F1Score(average=average)(one_hot, guessed).numpy()
        assert got == pytest.approx(sk.f1_score(classes, guess, average=average), abs=1e-6)
    jaccard = sk.jaccard_score(classes, guess, average="macro")
    assert float(metrics.MeanIoU(4)(classes, guess)) == pytest.approx(jaccard, abs=1e-6)
    x = rng.standard_normal((50, 2))
    noisy = x + 0.3 * rng.standard_normal((50, 2))
    assert float(metrics.R2Score()(x, noisy)) == pytest.approx(sk.r2_score(x, noisy), abs=1e-6)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_batches_add_up(name, config, kind):
    """Three batches give what one gives, and the order does not matter."""
    rng = np.random.default_rng(1)
    parts = [inputs(kind, rng) for _ in range(3)]
    if kind == "logits" or name.endswith("Hinge"):  # 0/1 targets are told by the whole batch
        parts = [(np.concatenate([[y[0] * 0], y[1:]]), p) for y, p in parts]
        if name.endswith("Hinge"):
            parts = [(np.where(y == 0, -1, y), p) for y, p in parts]
    make = getattr(metrics, name)
    whole, split = make(**config), make(**config)
    whole.update_state(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    for y, p in parts[::-1]:
        split.update_state(y, p)
    if config.get("num_regressors"):
        assert int(whole.num_samples) == int(split.num_samples)
    np.testing.assert_allclose(whole.result(), split.result(), rtol=2e-5, equal_nan=True)
    whole.reset_state()
    fresh = make(**config)
    np.testing.assert_array_equal(np.asarray(whole.result()) * 0, np.asarray(whole.result()) * 0)
    if name not in ("R2Score", "F1Score", "FBetaScore"):
        np.testing.assert_array_equal(np.asarray(whole.result()), np.asarray(fresh.result()))


def test_large_counts_stay_exact():
    """Above 2**24, where adding 1 to a float32 changes nothing."""
    m = metrics.TruePositives()
    m.accumulator.assign([2.0**24])
    for _ in range(3):
        m.update_state([1, 1], [0.9, 0.9])
    assert float(m.accumulator.data[0]) == 2.0**24 + 6


def test_edges():
    assert float(metrics.Precision()([0, 0], [0.1, 0.2])) == 0.0
    assert float(metrics.AUC()([0, 0], [0.1, 0.2])) == 0.0
    assert float(metrics.Recall()([1, 0], [np.nan, 0.9])) == 0.0
    assert float(metrics.SparseTopKCategoricalAccuracy(k=2)([7, 0], np.eye(3)[:2])) == 0.5
    assert float(metrics.AUC().result()) == 0.0
    assert np.isnan(float(metrics.R2Score().result()))
    with pytest.warns(UserWarning, match="too many"):
        metrics.R2Score(num_regressors=9)([[1.0], [2.0]], [[1.0], [3.0]])
    with pytest.warns(UserWarning, match="float"):
        metrics.MeanIoU(2)([0, 1], [0, 1], np.array([0.5, 1.5]))
    weighted = metrics.MeanIoU(2, dtype="float32")
    assert float(weighted([0, 1, 1], [0, 1, 0], [1.0, 0.5, 0.5])) == pytest.approx(
        (1 / 1.5 + 0.5) / 2, abs=1e-6
    )


def test_in_fit(capsys):
    """One number a class in the logs, the mean of them on the bar."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)).astype(np.float32)
    y = np.eye(3)[x.argmax(1)]
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.layers.Dense(3, activation="softmax")])
    model.compile(
        minidl.optimizers.Adam(0.1),
        "categorical_crossentropy",
        metrics=[
            "accuracy",
            metrics.F1Score(),
            metrics.AUC(name="auc"),
            "mse",
            metrics.Precision(top_k=1, name="precision"),
        ],
    )
    history = model.fit(x, y, epochs=3, validation_split=0.25, verbose=2).history
    assert history["f1_score"][-1].shape == (3,)
    assert history["val_auc"][-1] > 0.9
    assert history["precision"][-1] == pytest.approx(history["accuracy"][-1])
    assert "val_f1_score: 0." in capsys.readouterr().out


BAD = [
    (lambda: metrics.Precision(thresholds=1.5), "thresholds.*1.5"),
    (lambda: metrics.TruePositives(thresholds=[0.5, -1]), "thresholds.*-1"),
    (lambda: metrics.AUC(curve="POC"), "curve.*POC"),
    (lambda: metrics.AUC(summation_method="sum"), "summation_method.*sum"),
    (lambda: metrics.AUC(num_thresholds=1), "num_thresholds.*1"),
    (lambda: metrics.AUC(num_labels=3), "multi_label"),
    (lambda: metrics.AUC(multi_label=True)([0, 1], [0.0, 1.0]), "samples, labels"),
    (lambda: metrics.SensitivityAtSpecificity(1.5), "specificity.*1.5"),
    (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "num_thresholds.*0"),
    (lambda: metrics.FBetaScore(beta=1), "beta.*1"),
    (lambda: metrics.FBetaScore(beta=-1.0), "beta.*-1"),
    (lambda: metrics.F1Score(average="mean"), "average.*mean"),
    (lambda: metrics.F1Score(threshold=2.0), "threshold.*2"),
    (lambda: metrics.F1Score()([0, 1], [0, 1]), "to_categorical"),
    (lambda: metrics.IoU(2, [2]), r"\[0, 2\)"),
    (lambda: metrics.R2Score(class_aggregation="sum"), "class_aggregation.*sum"),
    (lambda: metrics.R2Score(num_regressors=-1), "num_regressors.*-1"),
    (lambda: metrics.R2Score()([1.0], [1.0]), "samples, columns"),
    (lambda: metrics.BinaryAccuracy(threshold=2), "threshold.*2"),
    (lambda: metrics.Precision(class_id=1)([0, 1], [0.0, 1.0]), "class_id"),
    (lambda: metrics.Recall()([0, 1], [0.0, 1.0, 2.0]), r"\(2,\).*\(3,\)"),
    (lambda: metrics.Recall()([0, 1], [0.0, 1.0], [1.0, 1.0, 1.0]), "sample_weight"),
    (lambda: metrics.get("acuracy"), "Did you mean 'accuracy'"),
    (lambda: metrics.get(3), "Received: 3"),
]


@pytest.mark.parametrize(("make", "match"), BAD, ids=range(len(BAD)))
def test_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()
