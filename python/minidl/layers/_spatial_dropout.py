"""Base of SpatialDropout1D and SpatialDropout2D."""

from __future__ import annotations

from .dropout import Dropout
from .input_spec import InputSpec


class SpatialDropout(Dropout):
    """Dropout of whole channels: one choice for all steps or pixels of a sample."""

    rank = 2

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        noise_shape = (None, *(1,) * self.rank, None)
        super().__init__(rate, noise_shape, seed, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self):
        """As Keras writes it: `trainable` is left out, and `dtype` is its name."""
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}
