"""Training in a process that is killed again and again, at any moment, ends as if it never was."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

from tests.processes import ROOT

SCRIPT = """
import sys, hashlib
import minidl, numpy as np
from minidl import callbacks, layers

rng = np.random.default_rng(0)
x, y = rng.standard_normal((256, 20)).astype("f"), rng.integers(0, 4, 256)
minidl.set_random_seed(5)
model = minidl.Sequential([minidl.Input((20,)), layers.Dense(64, activation="relu"),
                           layers.Dropout(0.5), layers.Dense(4, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
extra = []
if len(sys.argv) > 1:
    extra = [callbacks.BackupAndRestore(sys.argv[1], save_freq=1),
             callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: print(flush=True))]
model.fit(x, y, batch_size=16, epochs=6, verbose=0, callbacks=extra)
digest = hashlib.sha256()
for v in (*model.weights, *model.optimizer.variables):
    digest.update(v.numpy().tobytes())
print(digest.hexdigest())
"""


def _start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )


def test_killed_again_and_again(tmp_path):
    wanted = _start().communicate()[0].strip()
    assert len(wanted) == len(hashlib.sha256().hexdigest())
    rng = random.Random(1)
    folder = str(tmp_path / "backup")
    deaths = 0
    for _ in range(30):
        process = _start(folder)
        if deaths < 6:
            for _ in range(rng.randrange(3, 20)):  # so many steps, and a moment more
                process.stdout.readline()
            time.sleep(rng.random() * 0.002)
            process.send_signal(signal.SIGKILL)
        out = process.communicate()[0].split()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        deaths += 1
    assert deaths >= 5
    assert out[-1] == wanted
    assert not os.path.exists(folder)
