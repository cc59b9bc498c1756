"""SwapEMAWeights: validation with the moving average of the weights."""

from __future__ import annotations

from .callback import Callback


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages into the model for evaluation, and takes them out again.

    Args:
        swap_on_epoch: Whether they also stand in the model between the end of an epoch and the
            start of the next, as for a `ModelCheckpoint` behind this callback.

    Raises:
        ValueError: in `fit` or `evaluate`, where the optimizer does not have `use_ema=True`.

    Source: `keras.callbacks.SwapEMAWeights`. There the averages stay in the model after `predict`;
    here they are taken out.

    >>> import minidl
    >>> callback = minidl.callbacks.SwapEMAWeights()
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _pairs(self):
        optimizer = self.model.optimizer
        if not optimizer.use_ema:
            raise ValueError(
                "SwapEMAWeights needs an optimizer with `use_ema=True`. "
                f"Received: use_ema={optimizer.use_ema}"
            )
        averages = optimizer._slots.get("average", ())  # there are none before the first step
        return list(zip(optimizer._trainable_variables, averages, strict=bool(averages)))

    def _swap(self, into_model):
        if self._swapped == into_model:
            return
        self._swapped = into_model
        for v, average in self._pairs():
            weights = v.numpy()
            v.assign(average.data)
            average.assign(weights)

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        if not self.swap_on_epoch:
            return
        self._swap(True)
        if epoch == self.params["epochs"] - 1:
            # the end of training copies the averages into the model: they must be those there
            for v, average in self._pairs():
                average.assign(v.data)

    def on_test_begin(self, logs=None):
        self._swap(True)

    def on_test_end(self, logs=None):
        self._swap(False)

    def on_predict_begin(self, logs=None):
        self._swap(True)

    def on_predict_end(self, logs=None):
        self._swap(False)
