"""Intersection over union, for segmentation."""

from __future__ import annotations

import warnings

import numpy as np

from .._tape import Tensor
from ..config import epsilon
from .metric import Metric
from .reduction import as_array


class IoU(Metric):
    """Mean over classes of `intersection / union` of targets and predictions.

    Args:
        num_classes: Number of classes; values outside [0, num_classes) do not count.
        target_class_ids: Classes the mean is taken over.
        name: None for `"io_u"`.
        dtype: None for int32 counts, which round weights down; a float type for weights.
        ignore_class: Target whose values do not count, or None.
        sparse_y_true: Whether targets are class numbers. Defaults to True.
        sparse_y_pred: Whether predictions are class numbers. Defaults to True.
        axis: Axis of the classes where they are not class numbers. Defaults to -1.

    Raises:
        ValueError: a class id out of range.

    Source: `keras.metrics.IoU`.

    >>> import minidl
    >>> m = minidl.metrics.IoU(num_classes=2, target_class_ids=[0])
    >>> round(float(m([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name)
        self.dtype = "int32" if dtype is None or str(dtype) == "int" else str(np.dtype(dtype))
        self.target_class_ids = list(target_class_ids)
        if max(self.target_class_ids) >= num_classes or min(self.target_class_ids) < 0:
            raise ValueError(
                f"`target_class_ids` must lie in [0, {num_classes}). "
                f"Received: {self.target_class_ids}"
            )
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype="float64", name="total_confusion_matrix"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = as_array(y_true), as_array(y_pred)
        if not self.sparse_y_true:
            y_true = y_true.argmax(self.axis)
        if not self.sparse_y_pred:
            y_pred = y_pred.argmax(self.axis)
        y_true, y_pred = (y.ravel().astype(np.int64) for y in (y_true, y_pred))
        weights = np.ones(len(y_true))
        if sample_weight is not None:
            weights = as_array(sample_weight)
            if weights.dtype.kind == "f" and self.dtype == "int32":
                warnings.warn(
                    f"{self.name} counts in integers: float weights are rounded down. Pass "
                    "dtype='float32' to the metric to use them as they are.",
                    stacklevel=2,
                )
                weights = weights.astype(np.int64)
            weights = np.broadcast_to(weights.ravel(), y_true.shape).astype(np.float64)
        n = self.num_classes
        valid = (y_true >= 0) & (y_true < n) & (y_pred >= 0) & (y_pred < n)
        if self.ignore_class is not None:
            valid &= y_true != self.ignore_class
        pairs = y_true[valid] * n + y_pred[valid]
        found = np.bincount(pairs, weights=weights[valid], minlength=n * n)
        self.total_cm.assign_add(found.reshape(n, n))

    def result(self):
        matrix = self.total_cm.data
        overlap = np.diag(matrix)
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - overlap
        overlap, union = overlap[self.target_class_ids], union[self.target_class_ids]
        valid = union > 1e-9
        values = np.where(valid, overlap / (union + epsilon()), 0.0)
        return Tensor(np.asarray(values.sum() / (valid.sum() + epsilon()), np.float32))

    def get_config(self):
        return {
            "name": self.name,
            "dtype": self.dtype,
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }

    def _config_without(self, *names):
        return {k: v for k, v in IoU.get_config(self).items() if k not in names}


class BinaryIoU(IoU):
    """IoU of two classes, told apart by a threshold.

    Args:
        target_class_ids: Classes the mean is taken over. Defaults to both.
        threshold: Predictions of at least so much are class 1. Defaults to 0.5.
        name: None for `"binary_io_u"`.
        dtype: See `IoU`.

    Source: `keras.metrics.BinaryIoU`.

    >>> import minidl
    >>> m = minidl.metrics.BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
    >>> round(float(m([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.3333
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, as_array(y_pred) >= self.threshold, sample_weight)

    def get_config(self):
        return {
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
            "name": self.name,
            "dtype": self.dtype,
        }


class MeanIoU(IoU):
    """IoU, the mean over all classes that occur.

    Args:
        num_classes: Number of classes.
        name: None for `"mean_io_u"`.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_true: See `IoU`.
        sparse_y_pred: See `IoU`.
        axis: See `IoU`.

    Source: `keras.metrics.MeanIoU`.

    >>> import minidl
    >>> round(float(minidl.metrics.MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(
            num_classes,
            range(num_classes),
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )

    def get_config(self):
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """IoU of one-hot targets.

    Args:
        num_classes: Number of classes.
        target_class_ids: Classes the mean is taken over.
        name: None for `"one_hot_io_u"`.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_pred: Whether predictions are class numbers. Defaults to False.
        axis: Axis of the classes. Defaults to -1.

    Source: `keras.metrics.OneHotIoU`.

    >>> import minidl
    >>> m = minidl.metrics.OneHotIoU(2, target_class_ids=[0])
    >>> round(float(m([[1, 0], [1, 0]], [[0.9, 0.1], [0.2, 0.8]])), 4)
    0.5
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self):
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """IoU of one-hot targets, the mean over all classes that occur.

    Args:
        num_classes: Number of classes.
        name: None for `"one_hot_mean_io_u"`.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_pred: Whether predictions are class numbers. Defaults to False.
        axis: Axis of the classes. Defaults to -1.

    Source: `keras.metrics.OneHotMeanIoU`.

    >>> import minidl
    >>> m = minidl.metrics.OneHotMeanIoU(2)
    >>> round(float(m([[1, 0], [1, 0]], [[0.9, 0.1], [0.2, 0.8]])), 4)
    0.25
    """

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("sparse_y_true", "target_class_ids")
