"""A server whose client the flow makes, and entries that talk to none."""

from collections.abc import Iterator
from unittest.mock import MagicMock, patch

import pytest

from ..flow_samples import fake_client, setup_entry
from .dialogs import FLOW

__all__ = ["setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return the server's client."""
    return fake_client()


@pytest.fixture(autouse=True)
def client_class(client: MagicMock) -> Iterator[MagicMock]:
    """Let the flow make this client."""
    with patch(f"{FLOW}.FlexMeasuresClient", return_value=client) as client_class:
        yield client_class
