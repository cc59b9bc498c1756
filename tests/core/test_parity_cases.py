"""Every loss, metric, optimizer and so on that is promised has a case beside Keras."""

import pytest

from tests.core.test_surface import SURFACE
from tests.initializers import test_initializers as initializers
from tests.layers import test_activations as activations
from tests.losses import cases as losses
from tests.metrics import cases as metrics
from tests.optimizers import test_keras_parity as optimizers
from tests.optimizers import test_schedules as schedules

# base classes and the three functions of every module have tests of their own
COMMON = {"get", "serialize", "deserialize", "Optimizer", "LearningRateSchedule"}
COMMON |= {"Regularizer", "Constraint"}
COVERED = {
    "losses": {case[0] for case in losses.CASES},
    "metrics": {case[0] for case in metrics.CASES} | {"Mean", "Sum"},  # test_means_and_sums
    "optimizers": {case[0] for case in optimizers.CONFIGS},
    "optimizers.schedules": {case[0] for case in schedules.CONFIGS},
    "initializers": {case[0] for case in [*initializers.RANDOM, *initializers.CONSTANT]}
    | {"Orthogonal"},  # test_orthogonal
    "regularizers": {case[0] for case in initializers.PENALTIES},
    "constraints": {case[0] for case in initializers.CONDITIONS},
    "activations": {case[0] for case in activations.CALLS},
}


@pytest.mark.parametrize("module", COVERED)
def test_every_name_has_a_case(module):
    assert sorted(set(SURFACE[module].split()) - COVERED[module] - COMMON) == []
