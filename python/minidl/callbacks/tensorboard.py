"""TensorBoard: metrics and weights for TensorBoard's pages, written through tensorboardX."""

from __future__ import annotations

import os
import time

import numpy as np

from .callback import Callback


class TensorBoard(Callback):
    """Writes metrics (and histograms of weights) as event files that TensorBoard shows.

    Needs the package tensorboardX, which writes the files; `tensorboard --logdir logs` shows them.

    Args:
        log_dir: Folder; training goes into `train` below it, validation into `validation`.
        histogram_freq: Epochs between histograms of all weights; 0 for none.
        write_graph: Whether the table of `summary` is written as text. Defaults to True.
        write_images: Not offered; must be False.
        write_steps_per_second: Whether the speed of training is written.
        update_freq: `"epoch"`, `"batch"`, or batches between metrics of the epoch so far.
        profile_batch: Not offered; must be 0. Use a profiler of Python or of the system.
        embeddings_freq: Not offered; must be 0.
        embeddings_metadata: Not offered; must be None.

    Raises:
        ImportError: tensorboardX is not installed.
        ValueError: an argument that is not offered, or another `update_freq`.

    Source: `keras.callbacks.TensorBoard`.

    >>> import minidl
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> model = minidl.Sequential([minidl.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> board = minidl.callbacks.TensorBoard(folder)
    >>> history = model.fit(np.zeros((4, 2)), np.zeros((4, 1)), callbacks=[board], verbose=0)
    >>> import os
    >>> os.listdir(folder)
    ['train']
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        for name, value in (
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(
                    f"`{name}` is not offered: metrics, histograms of weights and the summary are "
                    f"written. Received: {name}={value!r}"
                )
        every = 1 if update_freq == "batch" else update_freq
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise ValueError(
                "`update_freq` must be 'epoch', 'batch' or a positive number of batches. "
                f"Received: update_freq={update_freq!r}"
            )
        try:
            import tensorboardX  # type: ignore  # noqa: F401
        except ImportError:
            raise ImportError(
                "The TensorBoard callback writes through tensorboardX: pip install tensorboardX. "
                "CSVLogger needs no package."
            ) from None
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = every
        self._writers: dict = {}
        self._step = 0
        self._test_step = 0
        self._steps_before = 0
        self._epoch_start = 0.0

    def _writer(self, part):
        if part not in self._writers:
            from tensorboardX import SummaryWriter

            self._writers[part] = SummaryWriter(os.path.join(self.log_dir, part))
        return self._writers[part]

    def _scalars(self, part, prefix, values, step):
        for name, value in values.items():
            if np.ndim(value) == 0:
                self._writer(part).add_scalar(f"{prefix}_{name}", float(value), step)

    def on_train_begin(self, logs=None):
        self._step = 0
        self._test_step = 0
        if self.write_graph:
            lines: list[str] = []
            self.model.summary(print_fn=lines.append)
            text = "\n".join(f"    {line}" for part in lines for line in str(part).splitlines())
            self._writer("train").add_text("model", text, 0)

    def on_epoch_begin(self, epoch, logs=None):
        self._steps_before = self._step
        self._epoch_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        if self.update_freq != "epoch" and self._step % self.update_freq == 0:
            self._scalars("train", "batch", logs or {}, self._step)

    def on_test_begin(self, logs=None):
        self._test_step = self._step

    def on_test_end(self, logs=None):
        values = {f"{name}_vs_iterations": v for name, v in (logs or {}).items()}
        self._scalars("validation", "evaluation", values, self._test_step)
        if not self.model.stop_training and self._step == 0:  # evaluate by itself
            self._flush()

    def on_epoch_end(self, epoch, logs=None):
        logs = dict(logs or {})
        train = {k: v for k, v in logs.items() if not k.startswith("val_")}
        train["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            took = time.perf_counter() - self._epoch_start
            train["steps_per_second"] = (self._step - self._steps_before) / max(took, 1e-9)
        self._scalars("train", "epoch", train, epoch)
        held_out = {k[4:]: v for k, v in logs.items() if k.startswith("val_")}
        self._scalars("validation", "epoch", held_out, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for v in self.model.weights:
                self._writer("train").add_histogram(f"{v.path}/histogram", v.numpy(), epoch)
        self._flush()

    def _flush(self):
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
