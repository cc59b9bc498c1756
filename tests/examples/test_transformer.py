"""Item 29: the Transformer reverses sequences, and its cache changes nothing."""

import importlib.util

import minidl
import numpy as np
import pytest

from tests.processes import ROOT


@pytest.fixture(scope="module")
def example():
    """The script as a module; its name is no Python name."""
    spec = importlib.util.spec_from_file_location(
        "transformer_example", ROOT / "examples/29_transformer.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_reverses_sequences(example):
    figures = example.main(sequences=300)
    assert figures["greedy right"] >= 0.99
    assert figures["sampled right"] >= 0.99
    for way in ("greedy", "sampled"):
        assert figures[f"{way} same without cache"]
        assert figures[f"{way} difference"] < 1e-4


def test_sampled_tokens_hang_on_the_seed_and_not_on_the_cache(example):
    """Before any training all tokens are about as likely, so that draws differ."""
    minidl.utils.set_random_seed(3)
    model = example.Transformer()
    source, target = example.batch_of(np.random.default_rng(0), 40)
    model(source, example.shifted(target))  # makes the weights
    one = example.generate(model, source, True, 1.0, seed=1)[0]
    np.testing.assert_array_equal(one, example.generate(model, source, False, 1.0, seed=1)[0])
    other = example.generate(model, source, True, 1.0, seed=2)[0]
    assert (one != other).mean() > 0.3


def test_nobody_sees_padding_or_the_future(example):
    minidl.utils.set_random_seed(3)
    model = example.Transformer()
    source, target = example.batch_of(np.random.default_rng(1), 6)
    known = example.shifted(target)
    before = model(source, known).numpy()
    known[:, 5:] = example.FIRST
    after = model(source, known).numpy()
    np.testing.assert_array_equal(after[:, :5], before[:, :5])
    assert (after[:, 5:] != before[:, 5:]).any()
    wider = np.pad(source, ((0, 0), (0, 3)), constant_values=example.PAD)
    model.source.places = minidl.layers.Embedding(
        12, 64, weights=np.pad(model.source.places.get_weights()[0], ((0, 3), (0, 0)))
    )
    np.testing.assert_allclose(model(wider, known).numpy(), after, atol=1e-5)
