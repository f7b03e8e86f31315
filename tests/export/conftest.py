"""What the tests of exports share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def lively():
    """Function that gives every vector of a model a value that shows if it is lost."""

    def with_values(model):
        random = np.random.default_rng(1)
        for variable in model.variables:
            if variable.ndim == 1:
                variable.assign(random.uniform(0.5, 1.5, variable.shape))
        return model

    return with_values
