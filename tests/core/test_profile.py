"""`minidl.profile`: what it counts, what it leaves behind, and that it is off when it is off."""

import json
import threading

import minidl
import numpy as np
import pytest
from minidl import _core, layers, ops


def by_name(rows):
    return {row["name"]: row for row in rows}


def model():
    minidl.set_random_seed(0)
    made = minidl.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, name="dense"),
        ],
        name="net",
    )
    made.compile("adam", minidl.losses.SparseCategoricalCrossentropy(from_logits=True))
    return made


def data(count=8):
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, 8, 8, 3), np.float32), rng.integers(0, 5, count)


def test_counts_of_a_product():
    a, b = ops.ones((3, 4)), ops.ones((4, 5))
    with minidl.profile() as p:
        for _ in range(3):
            ops.matmul(a, b)
    (op,) = p.ops
    assert (op["name"], op["calls"], op["flops"]) == ("matmul", 3, 3 * 2 * 3 * 4 * 5)
    assert op["bytes"] == 3 * 4 * (12 + 20 + 15)
    assert 0 < op["seconds"] < p.seconds


def test_flops_of_convolution_and_its_gradients():
    x, w = ops.ones((2, 6, 6, 4)), minidl.Variable(np.ones((3, 3, 4, 8), np.float32))
    with minidl.profile() as p, minidl.GradientTape() as tape:
        tape.watch(x)
        y = ops.conv(x, w)
        tape.gradient(y, [x, w])
    found = by_name(p.ops)
    flops = 2 * 2 * 4 * 4 * 8 * 9 * 4
    for name in ("conv2d", "conv2d_input_grad", "conv2d_filter_grad"):
        assert found[name]["flops"] == flops, name


def test_share_of_the_peak():
    a = ops.ones((512, 512))
    with minidl.profile() as p:
        ops.matmul(a, a)
        ops.relu(a)
    found = by_name(p.ops)
    assert 0.05 < found["matmul"]["share"] < 1.5
    assert found["relu"]["share"] is None


def test_fit_forward_and_backward_by_layer():
    net, (x, y) = model(), data(24)
    with minidl.profile() as p:
        net.fit(x, y, batch_size=8, epochs=1, verbose=0)
    found = by_name(p.layers)
    for name in ("conv", "norm", "relu", "dense"):
        row = found[f"net/{name}"]
        # Before it begins, fit predicts one sample, with the first three layers folded into one.
        assert (
            row["calls"] == 3 + (name == "dense") and row["forward"] > 0 and row["backward"] > 0
        ), row
    conv = 2 * 8 * 6 * 6 * 4 * 9 * 3
    assert found["net/conv"]["flops"] == 3 * conv * 2  # nobody asks for the gradient of x
    kernels = by_name(p.ops)
    assert kernels["adam"]["calls"] == 3 and kernels["batch_norm_grad"]["calls"] == 3
    total = sum(row["forward"] + row["backward"] for row in p.layers)
    assert total == pytest.approx(p.seconds, rel=0.2)


def test_predict_shows_what_was_folded():
    net, (x, _) = model(), data()
    with minidl.profile() as p:
        net.predict(x, verbose=0)
    assert "net/conv+norm+relu" in by_name(p.layers)
    assert "batch_norm_inference" not in by_name(p.ops)


def test_nested_profiles_see_what_is_theirs():
    a = ops.ones((4, 4))
    with minidl.profile() as outer:
        ops.relu(a)
        with minidl.profile() as inner:
            ops.tanh(a)
        ops.sigmoid(a)
    assert set(by_name(inner.ops)) == {"tanh"}
    assert set(by_name(outer.ops)) == {"relu", "tanh", "sigmoid"}


def test_an_exception_passes_and_switches_it_off():
    call = layers.Layer.__call__
    with pytest.raises(ZeroDivisionError), minidl.profile() as p:
        ops.relu(ops.ones((4, 4)))
        layers.Lambda(lambda x: 1 / 0)(np.ones((2, 2), np.float32))
    assert set(by_name(p.ops)) == {"relu"}
    assert layers.Layer.__call__ is call
    ops.relu(ops.ones((4, 4)))
    assert _core.profile_count() == 0


def test_threads_are_kept_apart():
    nets = [layers.Dense(4, name=f"dense{i}") for i in range(3)]
    x = np.ones((16, 8), np.float32)
    for net in nets:
        net(x)

    def work(net):
        for _ in range(50):
            net(x)

    with minidl.profile() as p:
        threads = [threading.Thread(target=work, args=(net,)) for net in nets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = by_name(p.layers)
    for i in range(3):
        assert (found[f"dense{i}"]["calls"], found[f"dense{i}"]["flops"]) == (
            50,
            50 * 2 * 16 * 8 * 4,
        )


def test_trace_and_numbers_are_json(tmp_path):
    net, (x, y) = model(), data()
    with minidl.profile() as p:
        net.train_on_batch(x, y)
    p.save_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {"forward", "backward", "kernel"} == {e["cat"] for e in events}
    assert all(e["ph"] == "X" and e["ts"] >= 0 and e["dur"] >= 0 for e in events)
    assert json.loads(json.dumps(p.to_dict()))["ops"][0]["name"] == p.ops[0]["name"]
    text = str(p)
    assert "conv2d_filter_grad" in text and "net/dense" in text and "GFLOP/s" in text


def test_figures_wait_for_the_end():
    with minidl.profile() as p:
        with pytest.raises(RuntimeError, match="before its `with` block has ended"):
            _ = p.ops
        assert "not yet ended" in repr(p)
    with pytest.raises(RuntimeError, match="make another"), p:
        pass


def test_results_are_the_same():
    (x, y), losses = data(), []
    for profiled in (False, True):
        net = model()
        if profiled:
            with minidl.profile():
                losses.append(net.train_on_batch(x, y))
        else:
            losses.append(net.train_on_batch(x, y))
    assert losses[0] == losses[1]
