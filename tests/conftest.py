"""What all tests share: our integration in a real Home Assistant, and a client that answers like a small site."""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from unittest.mock import AsyncMock, PropertyMock, create_autospec, patch

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.flexmeasures.client import FlexMeasuresClient
from custom_components.flexmeasures.const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
    CONF_KIND,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_POWER_SENSOR,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_SITE_ID,
    CONF_STATE_OF_CHARGE_ENTITY,
    DOMAIN,
    KIND_BATTERY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
)

from . import site
from .shown_plans import ShownPlans, shown_plans

URL = "https://flexmeasures.example"
EMAIL = "someone@example.com"
PASSWORD = "a secret that nobody may read"
SITE_ID = 1

BATTERY_SUBENTRY = ConfigSubentryData(
    data=MappingProxyType(
        {
            CONF_KIND: KIND_BATTERY,
            CONF_POWER_SENSOR: site.BATTERY_POWER,
            CONF_STATE_OF_CHARGE_ENTITY: "sensor.home_battery_level",
            CONF_CAPACITY: 10.0,
            CONF_MINIMUM_STATE_OF_CHARGE: 10.0,
            CONF_MAXIMUM_STATE_OF_CHARGE: 90.0,
            CONF_CHARGING_POWER: 5.0,
            CONF_DISCHARGING_POWER: 4.0,
            CONF_ROUNDTRIP_EFFICIENCY: 92.0,
            CONF_SETPOINT_ENTITY: "number.inverter_power",
            CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
        }
    ),
    subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
    title="Battery",
    unique_id=f"power_sensor_{site.BATTERY_POWER}",
)


def feed_subentry(sensor_id: int, entity: str, **changes: object) -> ConfigSubentryData:
    """Return a measurement of an entity for a sensor."""
    data = {"entity": entity, "sensor": sensor_id, "aggregation": "mean", **changes}
    return ConfigSubentryData(
        data=MappingProxyType(data),
        subentry_type=SUBENTRY_MEASUREMENT,
        title=f"{entity} → {sensor_id}",
        unique_id=f"feed_{sensor_id}",
    )


@pytest.fixture(autouse=True)
def auto_enable_custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load our integration in every test."""


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write snapshots the way Home Assistant does: without what differs from run to run."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def outbox_file(tmp_path: Path) -> Iterator[Path]:
    """Keep what is not sent yet in a folder of the test."""
    path = tmp_path / "outbox.sqlite"
    with patch("custom_components.flexmeasures.outbox_path", return_value=path):
        yield path


@pytest.fixture
def client(outbox_file: Path) -> Iterator[AsyncMock]:
    """Stand in for the client wherever an entry makes one; answers with the small site of `tests.site`."""
    client = create_autospec(FlexMeasuresClient, instance=True)
    client.url = URL
    client.stored = site.answer(client)
    with patch("custom_components.flexmeasures.connection.FlexMeasuresClient", return_value=client):
        yield client


@pytest.fixture
def plans() -> Iterator[ShownPlans]:
    """Let the test say what is planned; nothing is asked for."""
    with shown_plans() as plans:
        yield plans


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable also the entities that are disabled at first."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new_callable=PropertyMock,
        return_value=True,
    ):
        yield


def make_entry(*subentries: ConfigSubentryData, **changes: object) -> MockConfigEntry:
    """Return an entry for the small site."""
    data = {
        CONF_URL: URL,
        CONF_EMAIL: EMAIL,
        CONF_PASSWORD: PASSWORD,
        CONF_VERIFY_SSL: True,
        CONF_SITE_ID: SITE_ID,
        **changes,
    }
    return MockConfigEntry(
        domain=DOMAIN,
        # Fixed, so that snapshots of unique ids stay; another entry beside it gets an id of its own.
        entry_id=None if changes else "entry_of_the_site",
        title="Home",
        data=data,
        unique_id=f"{URL}#{data[CONF_SITE_ID]}",
        subentries_data=list(subentries),
    )


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an entry without flexible devices, not yet set up."""
    entry = make_entry()
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def battery_entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an entry with a battery, not yet set up."""
    entry = make_entry(BATTERY_SUBENTRY)
    entry.add_to_hass(hass)
    return entry
