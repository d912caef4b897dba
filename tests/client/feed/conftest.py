"""A proxy before the served process."""

from collections.abc import Iterator

import pytest

from .proxy import Proxy


@pytest.fixture
def proxy(target: str) -> Iterator[Proxy]:
    with Proxy(target) as made:
        yield made
