"""A process that is killed while it saves leaves the old file or the new one, never less."""

import pytest

from tests.processes import output_of

CODE = """
import os, random, signal, sys, time, warnings
import numpy as np
import minidl
from minidl import layers, saving
warnings.simplefilter("ignore", DeprecationWarning)
suffix, folder, times = sys.argv[1], sys.argv[2], 100
path = os.path.join(folder, "model" + suffix)
models = []
for value in (1.0, 2.0):
    model = minidl.Sequential([minidl.Input((8,)), layers.Dense(64), layers.Dense(3)])
    model.set_weights([np.full(w.shape, value, "float32") for w in model.get_weights()])
    models.append(model)
save = [m.save if suffix == ".keras" else m.save_weights for m in models]
save[0](path)
random.seed(0)
seen = set()
for turn in range(times):
    child = os.fork()
    if child == 0:
        while True:
            save[0](path)
            save[1](path)
    time.sleep(random.uniform(0.001, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if suffix == ".keras":
        found = saving.load_model(path)
    else:
        found = models[0]
        found.load_weights(path)
    values = {float(v) for w in found.get_weights() for v in w.reshape(-1)}
    assert values in ({1.0}, {2.0}), values
    seen |= values
    models[0].set_weights([np.full(w.shape, 1.0, "float32") for w in models[0].get_weights()])
assert seen == {1.0, 2.0}
print("whole", times)
"""


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5", ".safetensors"])
def test_killed_while_saving(suffix, tmp_path):
    package = "safetensors" if suffix == ".safetensors" else "h5py"
    pytest.importorskip(package, reason=f"{suffix} needs {package}: pip install {package}")
    code = CODE.replace("sys.argv[1]", repr(suffix)).replace("sys.argv[2]", repr(str(tmp_path)))
    assert output_of(code, timeout=120) == "whole 100"
