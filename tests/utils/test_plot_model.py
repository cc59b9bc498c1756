"""Models as boxes and arrows."""

import re
import subprocess
import sys

import minidl
import pytest
from minidl import layers, utils


def _branched():
    a, b = minidl.Input((8,), name="a"), minidl.Input((4,), name="b")
    shared = layers.Dense(4, activation="relu", name="shared")
    left = shared(a[:, :4] * 2.0)
    inner = minidl.Sequential([minidl.Input((4,)), layers.Dense(3, name="in1")], name="inner")
    out = layers.Concatenate(name="joined")([left, shared(b), inner(b)])
    return minidl.Model([a, b], layers.Dense(1, name="out")(out))


def _arrows(text):
    return set(re.findall(r'"([^"]+)" -> "([^"]+)";', text))


def test_arrows_of_a_functional_model():
    text = utils.model_to_dot(_branched())
    arrows = _arrows(text)
    for arrow in (("b", "shared"), ("shared", "joined"), ("inner", "joined"), ("joined", "out")):
        assert arrow in arrows
    assert ("b", "inner") in arrows
    assert text.startswith('digraph model {\n  graph [rankdir=TB, dpi=200, splines="ortho"];')
    inner = utils.model_to_dot(_branched().get_layer("inner"), subgraph=True)
    assert inner.startswith('subgraph "cluster_inner" {')
    nested = utils.model_to_dot(_branched(), expand_nested=True)
    assert ("inner/in1", "joined") in _arrows(nested)
    assert '"inner" [' not in nested
    assert any(a == "b" and b.startswith("inner/") for a, b in _arrows(nested))


def test_what_boxes_tell():
    model = _branched()
    text = utils.model_to_dot(
        model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True
    )
    assert "shared (Dense)\\nactivation: relu\\n" in text
    assert "(None, 11) -> (None, 1)\\ndtype: float32\\ntrainable" in text
    model.trainable = False
    assert "frozen" in utils.model_to_dot(model, show_trainable=True)
    assert "shared" not in utils.model_to_dot(model, show_layer_names=False).split("label=")[3]


def test_sequential_and_subclassed():
    chain = minidl.Sequential(
        [minidl.Input((4,)), layers.Dense(3, name="x"), layers.ReLU(name="y")]
    )
    assert ("x", "y") in _arrows(utils.model_to_dot(chain))

    class Own(minidl.Model):
        def __init__(self):
            super().__init__(name="own")
            self.inside = layers.Dense(2)

        def call(self, x):
            return self.inside(x)

    own = Own()
    with pytest.raises(ValueError, match="'own' has no shapes yet"):
        utils.model_to_dot(own)
    own([[1.0]])
    assert "own (Own)" in utils.model_to_dot(own)


def test_files(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install matplotlib")
    model = _branched()
    for name, begin in (("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF"),
                        ("m.dot", b"digraph")):  # fmt: skip
        for rankdir in ("TB", "LR"):
            path = utils.plot_model(
                model, tmp_path / name, show_shapes=True, rankdir=rankdir, dpi=60
            )
            with open(path, "rb") as file:
                assert file.read().startswith(begin)
    for kwargs, message in (({"to_file": "m.docx"}, "docx"), ({"rankdir": "UP"}, "UP"),
                            ({"nonsense": 1}, "nonsense")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            utils.plot_model(model, **kwargs)


def test_without_drawing_programs(tmp_path):
    code = (
        "import sys; sys.modules['matplotlib'] = sys.modules['graphviz'] = None\nimport minidl\n"
        "m = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(2)])\n"
        f"minidl.utils.plot_model(m, {str(tmp_path / 'm.dot')!r})\n"
        f"try: minidl.utils.plot_model(m, {str(tmp_path / 'm.png')!r})\n"
        "except ImportError as e: assert 'pip install matplotlib' in str(e)\n"
        "else: raise SystemExit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
