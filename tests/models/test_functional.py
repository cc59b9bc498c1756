"""Functional models: graphs, their calls, their configs."""

import copy
import pickle

import minidl
import numpy as np
import pytest
from minidl import layers, ops
from minidl.models._folding import Folded

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights, value

from .random_graphs import random_graph
from .small_graphs import batch, plain, two_branches

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def leaves(structure):
    return list(minidl._tree.flatten(structure))


# -- against Keras ----------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_both_ways(seed):
    k = keras()
    model, data = random_graph(seed)
    for w in model.weights:
        if "variance" not in w.name:
            w.assign(np.random.default_rng(seed).uniform(-1, 1, w.shape))
    peer = k.Model.from_config(plain(model.get_config()))
    assert [x.name for x in peer.layers] == [x.name for x in model.layers]
    assert [x.name for x in peer.operations] == [x.name for x in model.operations]
    peer.set_weights(model.get_weights())
    expected = model(data)
    for mine, theirs in zip(leaves(expected), leaves(peer(data)), strict=True):
        assert_close(mine.numpy(), value(theirs), 1e-5, "outputs")
    assert minidl._tree.map_structure(lambda x: 0, expected) == minidl._tree.map_structure(
        lambda x: 0, model.output
    )
    back = minidl.Model.from_config(plain(peer.get_config()))
    back.set_weights(model.get_weights())
    for mine, again in zip(leaves(expected), leaves(back(data)), strict=True):
        np.testing.assert_array_equal(mine.numpy(), again.numpy())
    for mine, theirs in zip(model.outputs, peer.outputs, strict=True):
        assert mine.shape == tuple(theirs.shape)


def _differences(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {*a, *b}:
            yield from _differences(a.get(key), b.get(key), f"{path}/{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(x, y, f"{path}[{i}]")
    elif a != b:
        yield path, a, b


@pytest.mark.parametrize("seed", range(4))
def test_config_is_keras_own(seed):
    model, _ = random_graph(seed)
    ours = plain(model.get_config())
    theirs = plain(keras().Model.from_config(plain(model.get_config())).get_config())
    found = [d for d in _differences(ours, theirs) if d[0].split("/")[-1] != "compile_config"]
    assert found == []


# -- calls ------------------------------------------------------------------------------------
def test_branches_and_shared_layers():
    model = two_branches()
    a, b = batch(4, 3)
    head, z = model([a, b])
    left, right = model.get_layer("left"), model.get_layer("right")
    expected = left(a).numpy() + right(b).numpy()
    np.testing.assert_allclose(z.numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(head.numpy(), model.get_layer("head")(z).numpy(), rtol=1e-6)
    assert [x.name for x in model.layers] == ["a", "b", "left", "right", "sum", "head"]
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_names == ["head", "sum"]
    by_name = model({"b": b, "a": a})
    np.testing.assert_array_equal(by_name[0].numpy(), head.numpy())

    x, y = minidl.Input((3,)), minidl.Input((3,))
    shared = layers.Dense(2)
    siamese = minidl.Model([x, y], ops.sum(ops.square(shared(x) - shared(y)), axis=-1))
    assert len(siamese.weights) == 2
    u, v = batch(3, 3)
    expected = ((shared(u).numpy() - shared(v).numpy()) ** 2).sum(-1)
    np.testing.assert_allclose(siamese([u, v]).numpy(), expected, rtol=1e-5)
    assert len(shared._inbound_nodes) == 2


def test_gradients_reach_every_layer():
    model = two_branches()
    a, b = batch(4, 3)
    with minidl.GradientTape() as tape:
        head, z = model([a, b], training=True)
        loss = ops.sum(head * head) + ops.sum(z)
    for g in tape.gradient(loss, model.trainable_weights):
        assert g is not None
        assert np.abs(g.numpy()).sum() > 0


def test_structures_of_inputs_and_outputs():
    x, y = minidl.Input((2,), name="x"), minidl.Input((2,), name="y")
    model = minidl.Model({"x": x, "y": y}, {"sum": x + y, "both": (x, [y * 2])})
    a, b = batch(2, 2)
    out = model({"x": a, "y": b})
    np.testing.assert_allclose(out["sum"].numpy(), a + b, rtol=1e-6)
    np.testing.assert_array_equal(out["both"][1][0].numpy(), b * 2)
    assert isinstance(out["both"], tuple)
    predicted = model.predict({"x": a, "y": b}, verbose=0, batch_size=4)
    np.testing.assert_allclose(predicted["sum"], a + b, rtol=1e-6)


def test_feature_extraction_and_the_middle_of_a_graph():
    model = two_branches()
    a, b = batch(4, 3)
    features = minidl.Model(model.inputs, model.get_layer("left").output)
    np.testing.assert_array_equal(features([a, b]).numpy(), model.get_layer("left")(a).numpy())
    tail = minidl.Model(model.get_layer("sum").output, model.get_layer("head").output)
    z = model([a, b])[1]
    np.testing.assert_array_equal(tail(z).numpy(), model([a, b])[0].numpy())
    assert tail.get_layer("head") is model.get_layer("head")
    all_outputs = minidl.Model(model.input, [x.output for x in model.layers[2:]])
    assert [x.shape for x in all_outputs([a, b])] == [(6, 5), (6, 5), (6, 5), (6, 2)]


def test_sequential_is_a_graph_too():
    stack = minidl.Sequential([minidl.Input((3,)), layers.Dense(4), layers.Dense(5, name="top")])
    assert stack.output.shape == (None, 5)
    inner = minidl.Model(stack.input, stack.layers[0].output)
    (x,) = batch(3)
    np.testing.assert_array_equal(inner(x).numpy(), stack.layers[0](x).numpy())

    grown = minidl.Sequential([inner])
    grown.add(layers.Dense(2))
    assert grown.output_shape == (None, 2)
    assert grown(x).shape == (6, 2)
    outer_in = minidl.Input((3,))
    outer = minidl.Model(outer_in, [stack(outer_in), grown(outer_in)])
    np.testing.assert_allclose(outer(x)[0].numpy(), stack(x).numpy(), rtol=1e-6)
    late = minidl.Sequential([layers.Dense(2)])
    with pytest.raises(AttributeError, match="no defined input"):
        _ = late.output
    late(x)
    assert late.output_shape == (None, 2)


def test_custom_layers_are_found_out_by_trial():
    class Halves(minidl.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units
            self.dense = layers.Dense(units)
            self.calls = minidl.Variable(0, trainable=False, name="calls")

        def call(self, x):
            self.calls.assign_add(1)
            self.add_loss(ops.sum(x))
            y = self.dense(x)
            return y[:, : self.units // 2], ops.sum(y)

    layer = Halves(6)
    x = minidl.Input((4,))
    half, total = layer(x)
    assert (half.shape, total.shape) == ((None, 3), ())
    assert layer.dense.get_build_config() == {"input_shape": (None, 4)}
    assert int(layer.calls) == 0
    assert layer.losses == []
    model = minidl.Model(x, [half, total])
    model(np.ones((2, 4), np.float32))
    assert int(layer.calls) == 1
    assert len(model.losses) == 1
    assert layer.get_config()["units"] == 6  # without a get_config of its own


def test_open_sizes():
    x = minidl.Input((None, None, 3))
    y = layers.Conv2D(4, 3, padding="same")(x)
    out = minidl.Model(x, layers.GlobalAveragePooling2D()(ops.max_pool(y, 2)))
    assert y.shape == (None, None, None, 4)
    for size in (8, 12):
        assert out(np.zeros((2, size, size, 3), np.float32)).shape == (2, 4)
    assert out.compute_output_shape((7, 9, 9, 3)) == (7, 4)
    assert two_branches().compute_output_shape([(7, 4), (7, 3)]) == [(7, 2), (7, 5)]


def test_masks_and_training_pass_through():
    class Mark(minidl.Layer):
        def call(self, x):
            return x * 1.0

        def compute_mask(self, x, mask=None):
            return ops.not_equal(x[..., 0], 0.0)

    x = minidl.Input((5, 2))
    y = layers.GlobalAveragePooling1D()(layers.Dense(3)(Mark()(x)))
    model = minidl.Model(x, layers.Dropout(0.5)(y))
    data = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    data[1, 2:] = 0
    dense = model.layers[2]
    expected = [dense(data[:1])[0].numpy().mean(0), dense(data[1:, :2])[0].numpy().mean(0)]
    np.testing.assert_allclose(model(data).numpy(), expected, rtol=1e-5)
    assert (model(data, training=True).numpy() == 0).any() or True
    dropped = np.concatenate([model(data, training=True).numpy().ravel() for _ in range(20)])
    assert (dropped == 0).any()


def test_batch_normalisation_is_folded_where_nothing_else_reads_the_convolution():
    x = minidl.Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", name="a")(x)
    b = layers.ReLU()(layers.BatchNormalization()(a))
    c = layers.Conv2D(4, 1, name="c")(b)
    d = layers.BatchNormalization()(c)
    model = minidl.Model(x, layers.Add()([d, c, b]))
    rng = np.random.default_rng(0)
    for w in model.weights:
        w.assign(rng.uniform(0.5, 1.5, w.shape))
    data = rng.normal(size=(2, 8, 8, 3)).astype("float32")
    got = model.predict(data, verbose=0)
    folded = [s[0] for s in model._folded_plan.steps if isinstance(s[0], Folded)]
    assert [f.layer.name for f in folded] == ["a"]  # c is read twice
    expected = model._plan.run([minidl.Tensor(data)])[0].numpy()
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-5)
    whole = minidl.Model(x, [model.output, b])
    whole.predict(data, verbose=0)
    assert sum(isinstance(s[0], Folded) for s in whole._folded_plan.steps) == 1


# -- copies -----------------------------------------------------------------------------------
@pytest.mark.parametrize("copier", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_stand_on_their_own(copier):
    model = two_branches()
    a, b = batch(4, 3)
    before = model([a, b])[0].numpy()
    twin = copier(model)
    np.testing.assert_array_equal(twin([a, b])[0].numpy(), before)
    twin.set_weights([w + 1 for w in twin.get_weights()])
    np.testing.assert_array_equal(model([a, b])[0].numpy(), before)
    assert twin.get_layer("left") is not model.get_layer("left")
    assert twin.get_layer("left").output is not model.get_layer("left").output


def test_deep_graphs_do_not_recurse():
    x = first = minidl.Input((2,))
    for _ in range(1500):
        x = x + 1.0
    model = minidl.Model(first, x)
    twin = copy.deepcopy(model)
    assert float(twin(np.zeros((1, 2), np.float32))[0, 0]) == 1500
    again = minidl.Model.from_config(model.get_config())
    assert float(again(np.zeros((1, 2), np.float32))[0, 0]) == 1500


def test_clone_model():
    model = two_branches()
    twin = minidl.models.clone_model(model)
    assert [x.name for x in twin.layers] == [x.name for x in model.layers]
    assert not any(x is y for x, y in zip(twin.weights, model.weights, strict=True))
    twin.set_weights(model.get_weights())
    a, b = batch(4, 3)
    np.testing.assert_array_equal(twin([a, b])[0].numpy(), model([a, b])[0].numpy())
    wide = minidl.models.clone_model(
        model,
        clone_function=lambda layer: (
            layers.Dense(5, name=layer.name)
            if layer.name == "left"
            else type(layer).from_config(layer.get_config())
        ),
    )
    assert wide.get_layer("left").activation is minidl.activations.linear


# -- subclasses with a graph --------------------------------------------------------------------
def test_a_subclass_with_a_graph_and_its_own_train_step():
    class Halved(minidl.Model):
        def train_step(self, data):
            logs = super().train_step(data)
            return {**logs, "half": logs["loss"] / 2}

    x = minidl.Input((3,))
    model = Halved(x, layers.Dense(1)(x))
    assert isinstance(model, minidl.models.Functional)
    model.compile("sgd", "mse")
    data, target = batch(3, 1)
    history = model.fit(data, target, verbose=0).history
    assert history["half"][0] == history["loss"][0] / 2

    class Extra(minidl.Model):
        def __init__(self):
            x = minidl.Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(1)(x))
            self.extra = layers.Dense(2)
            self.extra.build((None, 3))

    assert len(Extra().trainable_weights) == 4
    plain_model = minidl.Model(x, layers.Dense(1)(x))
    assert type(plain_model) is minidl.models.Functional
    plain_model.extra = minidl.Variable([1.0])
    assert len(plain_model.trainable_weights) == 3


def test_weights_of_keras_go_in():
    k = keras()
    model = two_branches()
    peer = k.Model.from_config(plain(model.get_config()))
    model.set_weights(peer_weights(peer))
    a, b = batch(4, 3)
    assert_close(model([a, b])[0].numpy(), value(peer([a, b])[0]), 1e-5, "output")


def test_training_said_at_the_call():
    x = minidl.Input((50,))
    model = minidl.Model(x, layers.Dropout(0.5)(x, training=True))
    data = np.ones((2, 50), np.float32)
    assert (model(data).numpy() == 0).any()
    assert (model(data, training=False).numpy() == 1).all()  # as in Keras: the model's word wins
    quiet = minidl.Model(x, layers.Dropout(0.5)(x))
    assert (quiet(data).numpy() == 1).all()
    assert (quiet(data, training=True).numpy() == 0).any()


def test_ops_of_keras_go_both_ways():
    k = keras()
    x, y = minidl.Input((4, 6)), minidl.Input((4, 6))
    picture = minidl.Input((6, 6, 3))
    heads = ops.reshape(x, (-1, 4, 2, 3))
    outputs = [
        ops.einsum("btd,bsd->bts", x, y),
        ops.image.resize(picture, (3, 4)),
        ops.dot_product_attention(heads, heads, heads, is_causal=True),
        ops.matmul(x, ops.transpose(y, (0, 2, 1))),
        ops.where(x > 0, x, y),
        ops.stack([x, y], axis=1),
        ops.split(x, 2, axis=-1)[1],
        ops.sum(x[:, ::2, None], axis=(1, 3)),
        ops.clip(2.0**x, 0.0, 3.0),
        ops.one_hot(ops.argmax(x, axis=-1), 6),
        ops.cast(x > y, "float32") + ops.max(x, axis=1, keepdims=True),
        ops.max_pool(picture, 2) - ops.average_pool(picture, 2),
        ops.layer_normalization(x, np.ones(6, np.float32), np.zeros(6, np.float32)),
        ops.leaky_relu(-x, 0.3),
        1.0 / (ops.abs(x) + 1.0) @ np.ones((6, 2), np.float32),
        ops.squeeze(ops.expand_dims(x, 1), 1),
        ops.take(x, [0, 2], axis=1),
        ops.pad(x, ((0, 0), (1, 1), (0, 0))),
        ops.cumsum(x, axis=1) + ops.sort(x, axis=-1),
        ops.top_k(x, 2)[0],
        ops.tril(ops.tensordot(x, np.ones((6, 4), np.float32), axes=1)),
        ops.average(x, axis=2, weights=np.arange(6.0, dtype="float32")),
        ops.roll(ops.logaddexp(x, y), 1, axis=2),
        ops.norm(x, axis=-1) + ops.prod(x, axis=-1),
        ops.trace(x, offset=1, axis1=1, axis2=2),
    ]
    model = minidl.Model([x, y, picture], outputs)
    rng = np.random.default_rng(0)
    data = [rng.standard_normal((2, *i.shape[1:])).astype(np.float32) for i in model.inputs]
    peer = k.Model.from_config(plain(model.get_config()))
    again = minidl.Model.from_config(plain(peer.get_config()))
    for i, (a, b, c) in enumerate(zip(model(data), peer(data), again(data), strict=True)):
        assert_close(a.numpy(), value(b), 1e-5, f"output {i}")
        np.testing.assert_array_equal(a.numpy(), c.numpy())
        assert model.outputs[i].shape == tuple(peer.outputs[i].shape), i
        assert model.outputs[i].dtype == a.dtype.name
    assert pickle.loads(pickle.dumps(ops.image.resize)) is ops.image.resize
    assert copy.deepcopy(ops.relu) is ops.relu


def test_summary_names_the_connections():
    lines = []
    model = two_branches()
    model.summary(line_length=100, print_fn=lines.append)
    text = "\n".join(lines)
    assert "Connected to" in text
    assert "left[0][0], right[0][0]" in text
    chain = minidl.Model(model.input[0], model.get_layer("left").output)
    lines.clear()
    chain.summary(print_fn=lines.append)
    assert "Connected to" not in lines[0]


@pytest.mark.parametrize("source", ["ours", "keras"])
def test_attention_under_masks_goes_both_ways(source):
    k = keras()

    def build(module):
        ids, other = module.Input((7,), dtype="int32"), module.Input((5, 4))
        x = module.layers.Embedding(9, 8, mask_zero=True)(ids)
        a = module.layers.MultiHeadAttention(2, 4)(x, x)
        # Keras takes the mask off a tensor that attention has read, so x is read once only
        b = module.layers.MultiHeadAttention(2, 4)(a, other, key=other)
        y = module.layers.LayerNormalization()(b)
        return module.Model([ids, other], [y, module.layers.GlobalAveragePooling1D()(y)])

    config = plain(build(minidl if source == "ours" else k).get_config())
    ours = minidl.Model.from_config(config)
    peers = [k.Model.from_config(config), k.Model.from_config(plain(ours.get_config()))]
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(w.shape).astype(np.float32) * 0.5 for w in ours.weights]
    ids = rng.integers(1, 9, (3, 7)).astype("int32")
    ids[:, 5:] = 0
    other = rng.standard_normal((3, 5, 4)).astype(np.float32)
    ours.set_weights(weights)
    steps, pooled = ours([ids, other])
    for peer in peers:
        peer.set_weights(weights)
        theirs, mean = (value(x) for x in peer([ids, other]))
        # behind the mask Keras attends to all, minidl to nothing
        assert_close(steps.numpy()[:, :5], theirs[:, :5], 1e-4, "steps")
        assert_close(pooled.numpy(), mean, 1e-4, "mean")
