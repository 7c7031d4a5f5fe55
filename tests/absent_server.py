"""A server that is away for a while, as the client tells of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import inspect
from unittest.mock import AsyncMock

from custom_components.flexmeasures.client import ConnectionFailedError, FlexMeasuresClient

AWAY = ConnectionFailedError("nobody is there")
ASKED = [
    name
    for name, method in inspect.getmembers(FlexMeasuresClient, inspect.iscoroutinefunction)
    if not name.startswith("_")
]


@contextmanager
def away(client: AsyncMock, error: Exception | Callable[..., object] = AWAY) -> Iterator[None]:
    """Let every question to the server fail, or do something else."""
    methods = [getattr(client, name) for name in ASKED]
    before = [method.side_effect for method in methods]
    for method in methods:
        method.side_effect = error
    yield
    for method, side_effect in zip(methods, before, strict=True):
        method.side_effect = side_effect
