"""The attention layers, EinsumDense and Embedding: against Keras, gradients, masks, bad input."""

import minidl
import numpy as np
import pytest
from minidl import GradientTape, Tensor, layers, ops
from minidl.testing import check_gradients

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights, pytorch, value

SETTINGS = ("plain", "causal", "mask", "padding", "scores", "window", "gate")


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _pair(name, config, shapes):
    """A Keras layer with random weights, and ours made from its config."""
    peer = getattr(keras().layers, name)(**config)
    peer.build(*shapes)
    ours = getattr(layers, name).from_config(peer.get_config())
    ours.build(*shapes)
    assert [w.name for w in ours.weights] == [w.name for w in peer.weights]
    assert [w.path.split("/")[1:] for w in ours.weights] == [
        w.path.split("/")[1:] for w in peer.weights
    ]
    rng = np.random.default_rng(0)
    weights = [rng.uniform(-1, 1, w.shape).astype(np.float32) for w in peer.weights]
    peer.set_weights(weights)
    ours.set_weights(weights)
    theirs = peer.get_config()
    assert ours.get_config() == {key: theirs[key] for key in ours.get_config()}
    assert set(theirs) - set(ours.get_config()) <= {"quantization_config", "activity_regularizer"}
    return ours, peer


def _compare(ours, peer, inputs, call, rows=None):
    """Outputs and all gradients of `call(layer, inputs)`; `rows` of the output count."""
    torch = pytorch()

    tensors = [torch.tensor(x, requires_grad=x.dtype == np.float32) for x in inputs]
    for weight in peer.trainable_weights:
        weight.value.grad = None
    wanted = call(peer, tensors)
    wanted = list(wanted) if isinstance(wanted, (tuple, list)) else [wanted]
    rng = np.random.default_rng(1)
    upstream = [rng.standard_normal(w.shape).astype(np.float32) for w in wanted]
    if rows is not None:
        upstream = [u * rows.reshape(rows.shape + (1,) * (u.ndim - rows.ndim)) for u in upstream]
    loss = sum((w * torch.tensor(u)).sum() for w, u in zip(wanted, upstream, strict=True))
    loss.backward()
    mine = [Tensor(x) for x in inputs]
    with GradientTape() as tape:
        floats = [x for x in mine if x.dtype == np.float32]
        tape.watch(floats)
        got = call(ours, mine)
        got = list(got) if isinstance(got, (tuple, list)) else [got]
    for g, w, u in zip(got, wanted, upstream, strict=True):
        assert_close(g.numpy() * (u != 0), value(w) * (u != 0), 2e-5)
    sources = [*floats, *ours.trainable_weights]
    slopes = tape.gradient(got, sources, output_gradients=upstream, unconnected_gradients="zero")
    right = [t.grad for t in tensors if t.requires_grad]
    right += [w.value.grad for w in peer.trainable_weights]
    scale = max(float(abs(r).max()) for r in right if r is not None)
    for i, (slope, wanted_slope) in enumerate(zip(slopes, right, strict=True)):
        expected = np.zeros(slope.shape) if wanted_slope is None else value(wanted_slope)
        # Gradients that are zero but for rounding (of the key's bias) are measured by the others.
        np.testing.assert_allclose(
            slope.numpy(), expected, rtol=2e-3, atol=2e-5 * scale, err_msg=f"gradient {i}"
        )


def _heads_config(rng, kind):
    common = {"use_bias": bool(rng.integers(2))}
    if kind == "window":
        common["sliding_window"] = int(rng.integers(1, 4))
    if kind == "gate":
        common["use_gate"] = True
    return common


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_heads_equal_keras(name, number, kind):
    rng = np.random.default_rng([number, SETTINGS.index(kind)])
    batch, queries, keys, width, key_width, dim = (int(n) for n in rng.integers(2, 7, 6))
    config = _heads_config(rng, kind)
    if kind == "window":
        keys = max(keys, queries)  # so that every query sees a key
    if name == "MultiHeadAttention":
        config |= {"num_heads": int(rng.integers(1, 4)), "key_dim": dim}
        config["value_dim"] = _pick(rng, None, int(rng.integers(1, 6)))
        config["output_shape"] = _pick(rng, None, 5, (2, 3))
        heads = config["num_heads"]
    else:
        groups = int(rng.integers(1, 4))
        heads = groups * int(rng.integers(1, 3))
        config |= {"head_dim": dim, "num_query_heads": heads, "num_key_value_heads": groups}
    inputs = [
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((batch, queries, width), (batch, keys, width), (batch, keys, key_width))
    ][: int(rng.integers(2, 4))]
    ours, peer = _pair(name, config, [x.shape for x in inputs])
    options, rows = {}, None
    if kind == "causal":
        options["use_causal_mask"] = True
    elif kind == "scores":
        options |= {"return_attention_scores": True, "use_causal_mask": bool(rng.integers(2))}
    elif kind == "mask":
        mask = rng.random((batch, queries, keys)) < 0.5
        mask[..., 0] = True
        options |= {"attention_mask": mask, "use_causal_mask": bool(rng.integers(2))}
    elif kind == "padding":
        mask = rng.random((batch, keys)) < 0.5
        mask[:, 0] = True
        options |= {"value_mask": mask}
    _compare(ours, peer, inputs, lambda layer, x: layer(*x, **options), rows)
    shapes = [x.shape for x in inputs]
    if name == "MultiHeadAttention" or shapes[0][-1] == shapes[1][-1]:
        told = ours.compute_output_shape(*shapes)
        assert told == tuple(peer.compute_output_shape(*shapes))


@pytest.mark.parametrize("axes", [None, (2,), 1, (1, 2)])
def test_attention_over_several_axes(axes):
    rng = np.random.default_rng(0)
    query, keys = ((2, 3, 4, 5), (2, 3, 4, 5)) if axes == (2,) else ((2, 3, 4, 5), (2, 2, 4, 5))
    keys = keys if axes != (1, 2) else (2, 2, 6, 5)
    inputs = [rng.standard_normal(s).astype(np.float32) for s in (query, keys)]
    config = {"num_heads": 2, "key_dim": 3, "attention_axes": axes}
    ours, peer = _pair("MultiHeadAttention", config, [query, keys])
    for scores in (False, True):
        _compare(
            ours, peer, inputs, lambda layer, x, s=scores: layer(*x, return_attention_scores=s)
        )


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_plain_attention_equals_keras(name, number):
    rng = np.random.default_rng(number)
    batch, queries, keys, dim = (int(n) for n in rng.integers(2, 7, 4))
    config = {"use_scale": bool(rng.integers(2))}
    if name == "Attention":
        config["score_mode"] = str(_pick(rng, "dot", "concat"))
    shapes = [(batch, queries, dim), (batch, keys, dim), (batch, keys, dim)]
    inputs = [rng.standard_normal(s).astype(np.float32) for s in shapes[: rng.integers(2, 4)]]
    ours, peer = _pair(name, config, [[x.shape for x in inputs]])
    options, rows = {"use_causal_mask": bool(rng.integers(2))}, None
    if rng.integers(2):
        rows, hidden = rng.random((batch, queries)) < 0.7, rng.random((batch, keys)) < 0.7
        hidden[:, 0] = True
        options["mask"] = [_pick(rng, None, rows), hidden]
    scores = bool(rng.integers(2))

    def call(layer, x):
        given = dict(options)
        if layer is peer and "mask" in given:
            torch = pytorch()

            given["mask"] = [None if m is None else torch.tensor(m) for m in given["mask"]]
        return layer(list(x), return_attention_scores=scores, **given)

    _compare(ours, peer, inputs, call)
    told = ours.compute_output_shape([x.shape for x in inputs])
    assert told == tuple(peer.compute_output_shape([x.shape for x in inputs]))


EQUATIONS = [  # equation, output_shape, bias_axes, input
    ("ab,bc->ac", 4, "c", (3, 5)),
    ("abc,cd->abd", (None, 4), None, (2, 3, 5)),
    ("abc,cde->abde", (None, 2, 3), "de", (2, 4, 5)),
    ("abcd,cde->abe", (None, 6), "e", (2, 3, 4, 5)),
    ("...x,xy->...y", 4, "y", (2, 3, 5)),
    ("...ab,bc->...ac", (3, 4), "ac", (2, 2, 3, 5)),
    ("ab...,bc->ac...", 4, "c", (2, 5, 3)),
    ("abc,bce->ae", 4, "e", (2, 3, 5)),
    ("abc,bd->adc", (4, 5), "d", (2, 3, 5)),
    ("abc,bcd->abd", (3, 4), "bd", (2, 3, 5)),
]


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("case", EQUATIONS, ids=lambda c: c[0])
def test_einsum_dense_equals_keras(case, activation):
    equation, output_shape, bias_axes, shape = case
    config = {"equation": equation, "output_shape": output_shape, "bias_axes": bias_axes}
    ours, peer = _pair("EinsumDense", {**config, "activation": activation}, [shape])
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    _compare(ours, peer, [x], lambda layer, x: layer(*x))
    assert ours.compute_output_shape(shape) == tuple(peer.compute_output_shape(shape))
    fans = (4, 300, 400)
    wide = layers.EinsumDense("abc,cde->abde", (None, 20, 20), kernel_initializer="he_normal")
    wide.build(fans)
    assert abs(wide.kernel.numpy().std() / np.sqrt(2 / 400) - 1) < 0.02


@pytest.mark.parametrize("number", range(6))
def test_embedding_equals_keras(number):
    rng = np.random.default_rng(number)
    rows, width = (int(n) for n in rng.integers(1, 9, 2))
    config = {"input_dim": rows, "output_dim": width, "mask_zero": bool(number % 2)}
    shape = tuple(int(n) for n in rng.integers(1, 6, rng.integers(1, 4)))
    ours, peer = _pair("Embedding", config, [shape])
    ids = rng.integers(0, rows, shape).astype(_pick(rng, "int32", "int64", "float64"))
    _compare(ours, peer, [ids], lambda layer, x: layer(*x))
    assert ours.compute_output_shape(shape) == tuple(peer.compute_output_shape(shape))
    mask = getattr(ours(ids), "_keras_mask", None)
    if config["mask_zero"]:
        np.testing.assert_array_equal(mask, ids != 0)
    else:
        assert mask is None


def test_embedding_starts_from_given_weights():
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    for given in (table, [table], table.tolist()):
        layer = layers.Embedding(3, 2, weights=given)
        np.testing.assert_array_equal(layer(np.array([2, 0])), table[[2, 0]])
    frozen = layers.Embedding(3, 2, weights=table, trainable=False)
    assert not frozen.trainable_weights and len(frozen.weights) == 1
    penalised = layers.Embedding(3, 2, weights=table, embeddings_regularizer="l2")
    assert abs(float(penalised.losses[0]) - 0.01 * (table**2).sum()) < 1e-5


GRADIENTS = [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, {"use_causal_mask": True}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2, "value_dim": 1, "use_gate": True}, {}),
    (
        "GroupQueryAttention",
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
        {"value_mask": np.array([[True, True, False, True], [False, True, True, False]])},
    ),
    ("Attention", {"use_scale": True}, {}),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, {"use_causal_mask": True}),
    ("AdditiveAttention", {}, {}),
]


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda c: c[0])
def test_gradients(case):
    name, config, options = case
    layer = getattr(layers, name)(dtype="float64", **config)
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 4, 4))]
    heads = name in ("MultiHeadAttention", "GroupQueryAttention")

    def call(*x):
        return layer(*x, **options) if heads else layer(list(x), **options)

    call(*map(Tensor, inputs))
    for weight in layer.weights:
        weight.assign(rng.uniform(-1, 1, weight.shape))
    check_gradients(call, inputs, variables=layer.trainable_weights, max_jacobian=20, projections=2)


def test_gradients_of_einsum_dense_and_embedding():
    rng = np.random.default_rng(0)
    for equation, output_shape, bias_axes, shape in EQUATIONS:
        layer = layers.EinsumDense(equation, output_shape, "tanh", bias_axes, dtype="float64")
        layer.build(shape)
        check_gradients(layer, [rng.standard_normal(shape)], variables=layer.trainable_weights)
    layer = layers.Embedding(4, 3, dtype="float64")
    layer.build()
    ids = np.array([[3, 0, 3], [1, 3, 0]])
    check_gradients(lambda: layer(ids), [], variables=layer.trainable_weights)


def test_masks_come_with_the_tensors():
    """An embedding that masks zeros, through attention: padding changes nothing before it."""
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, (2, 6))
    ids[0, 4:] = ids[1, 5:] = 0
    embedding = layers.Embedding(9, 8, mask_zero=True)
    for attention in (
        layers.MultiHeadAttention(2, 4),
        layers.GroupQueryAttention(4, 4, 2),
    ):
        x = embedding(ids)
        out = attention(x, x)
        np.testing.assert_array_equal(out._keras_mask, ids != 0)
        short = embedding(ids[:1, :4])
        assert_close(out[:1, :4], attention(short, short), 1e-5)
        again, scores = attention(x, x, return_attention_scores=True)
        assert_close(again, out, 1e-5)
        assert not scores.numpy()[0, :, :, 4:].any() and not scores.numpy()[0, :, 4:].any()
        np.testing.assert_array_equal(again._keras_mask, ids != 0)
    x = embedding(ids)
    out = layers.Attention()([x, x])
    np.testing.assert_array_equal(out._keras_mask, ids != 0)
    assert not out.numpy()[0, 4:].any()
    short = embedding(ids[:1, :4])
    assert_close(out[:1, :4], layers.Attention()([short, short]), 1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.MultiHeadAttention(2, 4, dropout=0.5, seed=1),
        lambda: layers.GroupQueryAttention(4, 4, 2, dropout=0.5, seed=1),
        lambda: layers.Attention(dropout=0.5, seed=1),
        lambda: layers.Attention(dropout=0.5, seed=1, score_mode="concat"),
        lambda: layers.AdditiveAttention(dropout=0.5, seed=1),
    ],
)
def test_dropout_only_in_training(layer):
    x = np.random.default_rng(0).standard_normal((2, 5, 8)).astype(np.float32)
    minidl.utils.set_random_seed(0)
    layer = layer()
    args = ([x, x],) if isinstance(layer, layers.Attention) else (x, x)
    plain = layer(*args).numpy()
    np.testing.assert_array_equal(layer(*args).numpy(), plain)
    dropped = [layer(*args, training=True).numpy() for _ in range(2)]
    assert (dropped[0] != plain).any() and (dropped[0] != dropped[1]).any()
    many = np.mean([layer(*args, training=True).numpy() for _ in range(300)], 0)
    assert np.abs(many - plain).max() < 0.25 * np.abs(dropped[0] - plain).max() + 0.1


def test_projections_are_one_product_each(monkeypatch):
    from minidl import _core

    calls = []
    matmul = _core.matmul
    monkeypatch.setattr(
        "minidl._core.matmul", lambda *a, **k: calls.append(a[0].shape) or matmul(*a, **k)
    )
    x = np.ones((2, 5, 8), np.float32)
    layers.MultiHeadAttention(2, 4)(x, x)
    assert calls == [(10, 8)] * 4


BAD = [
    (lambda: layers.MultiHeadAttention(0, 4), "num_heads.*0"),
    (lambda: layers.MultiHeadAttention(2, -1), "key_dim.*-1"),
    (lambda: layers.MultiHeadAttention(2, 4, value_dim=0), "value_dim.*0"),
    (lambda: layers.MultiHeadAttention(2, 4, dropout=1.0), "dropout.*1.0"),
    (lambda: layers.MultiHeadAttention(2, 4, output_shape=(3, 0)), "output_shape.*0"),
    (lambda: layers.MultiHeadAttention(2, 4, attention_axes="1"), "attention_axes.*1"),
    (lambda: layers.MultiHeadAttention(2, 4, sliding_window=0), "sliding_window.*0"),
    (lambda: layers.MultiHeadAttention(2, 4, kernel_initializer="glort"), "glort"),
    (lambda: layers.GroupQueryAttention(4, 5, 2), "multiple.*5.*2"),
    (lambda: layers.GroupQueryAttention(4, 4, 0), "num_key_value_heads.*0"),
    (lambda: layers.GroupQueryAttention(4, 4, 2, sliding_window=1.5), "sliding_window.*1.5"),
    (lambda: layers.Attention(score_mode="sum"), "score_mode.*sum"),
    (lambda: layers.Attention(dropout=2), "dropout.*2"),
    (lambda: layers.Attention()(X), "list.*query"),
    (lambda: layers.Attention()([X]), "list.*1"),
    (lambda: layers.Attention()([X, X], mask=X > 0), "mask.*list"),
    (lambda: layers.AdditiveAttention()([X, X, X, X]), "list.*4"),
    (lambda: layers.MultiHeadAttention(2, 4)(X[0], X[0]), r"batch, time.*\(5, 8\)"),
    (lambda: layers.MultiHeadAttention(2, 4)(X, X[:, :, None]), r"\(2, 5, 1, 8\)"),
    (lambda: layers.MultiHeadAttention(2, 4)(X, X, X[:, :3]), r"\(2, 5, 8\).*\(2, 3, 8\)"),
    (lambda: layers.MultiHeadAttention(2, 4, attention_axes=3)(X, X), "attention_axes.*3"),
    (lambda: layers.MultiHeadAttention(2, 4)(X, X, attention_mask=X > 0), r"mask.*\(2, 1, 5, 8\)"),
    (lambda: layers.GroupQueryAttention(4, 4, 2)(X[:, None], X), r"\(2, 1, 5, 8\)"),
    (lambda: layers.EinsumDense("ab,bc", 3), "equation.*ab,bc"),
    (lambda: layers.EinsumDense("ab,bc->ac", 3, lora_rank=2), "lora_rank"),
    (lambda: layers.EinsumDense("ab,bc->ac", 3)(X), r"\(2, 5, 8\)"),
    (lambda: layers.EinsumDense("abc,cd->abd", 3)(X), "output_shape"),
    (lambda: layers.EinsumDense("abc,cd->abd", (4, 3))(X), "'b'.*5.*4"),
    (lambda: layers.EinsumDense("abc,cd->abe", (None, 3))(X), "'e'"),
    (lambda: layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="z")(X), "bias_axes.*z"),
    (lambda: layers.Embedding(0, 3), "input_dim.*0"),
    (lambda: layers.Embedding(3, 2.5), "output_dim.*2.5"),
    (lambda: layers.Embedding(3, 2, lora_rank=1), "lora_rank"),
    (lambda: layers.Embedding(3, 2, weights=np.ones((2, 3))), r"\(3, 2\).*\(2, 3\)"),
    (lambda: layers.Embedding(3, 2)(np.array([0, 3])), "indices 0 to 2.*3 at place 1"),
    (lambda: layers.Embedding(3, 2)(np.array([-1])), "indices 0 to 2.*-1 at place 0"),
]
X = np.random.default_rng(0).standard_normal((2, 5, 8)).astype(np.float32)


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input(number):
    call, pattern = BAD[number]
    with pytest.raises(ValueError, match=pattern):
        call()


def test_weights_of_keras_fit():
    """The order of weights is Keras's, and what Keras calls the grouped layer is found."""
    peer = keras().layers.GroupQueryAttention(2, 4, 2, use_gate=True)
    peer.build((2, 3, 5), (2, 4, 5))
    config = {"class_name": "GroupedQueryAttention", "config": peer.get_config()}
    ours = layers.deserialize(config)
    ours.build((2, 3, 5), (2, 4, 5))
    ours.set_weights(peer_weights(peer))
    assert isinstance(ours._query_dense, layers.EinsumDense) and ours._output_dense.built
    assert len(ours.weights) == 10 and ops.shape(ours._key_dense.kernel) == (5, 2, 2)


@pytest.mark.parametrize("scores", [False, True])
def test_in_functional_models(scores):
    """A graph gives what the layers give, with masks and causality, for any length."""
    ids = np.array([[3, 1, 4, 0], [1, 5, 0, 0]])
    embedding = layers.Embedding(9, 8, mask_zero=True)
    heads, groups = layers.MultiHeadAttention(2, 4), layers.GroupQueryAttention(4, 4, 2)
    plain, dense = layers.Attention(), layers.Dense(5)

    def compute(x):
        x = embedding(x)
        y = heads(x, x, use_causal_mask=True, return_attention_scores=scores)
        first, *weights = y if scores else (y,)
        z = plain([groups(first, x), x], return_attention_scores=scores)
        second, *more = z if scores else (z,)
        return [dense(second), *weights, *more]

    inputs = minidl.Input((None,), dtype="int32")
    outputs = compute(inputs)
    model = minidl.Model(inputs, outputs)
    assert tuple(outputs[0].shape) == (None, None, 5)
    results = model(ids)
    results = results if isinstance(results, (list, tuple)) else [results]
    for got, right in zip(results, compute(ids), strict=True):
        np.testing.assert_array_equal(got, right)
