"""An outbox in a folder of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custom_components.flexmeasures.measurements.outbox import Outbox

from .outbox_samples import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the outbox's file is."""
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    """Return a new outbox, open at noon."""
    with closing(Outbox.open(path, now=NOON)) as opened:
        yield opened
