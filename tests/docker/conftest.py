"""Credentials, made once: what only reads them shares them."""

import pytest

from tests.docker.credentials import Credentials, make_credentials


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    """Return credentials that no test changes."""
    return make_credentials(tmp_path_factory.mktemp("credentials") / "made")
