"""The real small model, fetched once into the user's cache and loaded once for the whole run."""

import pytest

from lockgate.models import LocalModel, pull


@pytest.fixture(scope="session")
def weights():
    return pull("smollm2")


@pytest.fixture(scope="session")
def local(weights):
    return LocalModel(n_threads=1, max_tokens=64)
