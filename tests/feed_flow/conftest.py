"""An entry whose feeds are added and changed, and an entity that can be fed."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..flow_samples import add_entry, entry, fake_client, mark_loaded, sensor, setup_entry
from .dialogs import CREATED, METER, show, stored_feed

__all__ = ["entry", "setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return the entry's client, which creates the sensors 90, 91, 92 and so on."""
    client = fake_client()

    def create(*, asset_id: int, name: str, unit: str, **_: object) -> Any:
        return sensor(CREATED + client.add_sensor.await_count - 1, name, unit, asset_id)

    client.add_sensor.side_effect = create
    return client


@pytest.fixture(autouse=True)
def meter(hass: HomeAssistant) -> None:
    """Have an entity with power that is nobody's proposal: it has no device class."""
    show(hass, METER, "1.2", "kW", friendly_name="House load")


@pytest.fixture
def entry_with_feed(hass: HomeAssistant, client: MagicMock) -> MockConfigEntry:
    """Return a loaded entry with one feed."""
    entry = add_entry(hass, subentries=(stored_feed(),))
    mark_loaded(hass, entry, client)
    return entry


@pytest.fixture
def recorder() -> Iterator[None]:
    """Have a recorder that keeps states for ten days."""
    with patch("custom_components.flexmeasures.feed_flow.kept_days", return_value=10):
        yield
