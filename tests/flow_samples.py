"""A small account on a FlexMeasures server, for tests of the flows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import AsyncMock, MagicMock, create_autospec, patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    Asset,
    AssetType,
    FlexMeasuresClient,
    Sensor,
    ServerVersions,
    User,
)
from custom_components.flexmeasures.const import CONF_SITE_ID, DOMAIN

URL = "https://flexmeasures.example.com"
EMAIL = "me@example.com"
PASSWORD = "correct horse"
CONNECTION = {
    CONF_URL: URL,
    CONF_EMAIL: EMAIL,
    CONF_PASSWORD: PASSWORD,
    CONF_VERIFY_SSL: True,
}

HOME = 10
CABIN = 11
BATTERY = 12
OTHER_ACCOUNT = 13
PUBLIC_MARKET = 14

CONSUMPTION_PRICE = 20
PUBLIC_PRICE = 21
BATTERY_POWER = 30
SITE_POWER = 31
STATE_OF_CHARGE = 32
INSTANTANEOUS_POWER = 33
PUBLIC_POWER = 34


def asset(
    asset_id: int, name: str, *, account_id: int | None = 1, parent_id: int | None = None
) -> Asset:
    """Return an asset of the account."""
    return Asset(
        id=asset_id, name=name, type_name="building", account_id=account_id, parent_id=parent_id
    )


def sensor(sensor_id: int, name: str, unit: str, asset_id: int, *, minutes: int = 15) -> Sensor:
    """Return a sensor of an asset."""
    return Sensor(
        id=sensor_id,
        name=name,
        unit=unit,
        resolution=timedelta(minutes=minutes),
        timezone="Europe/Amsterdam",
        asset_id=asset_id,
    )


ASSETS = (
    asset(HOME, "home"),
    asset(CABIN, "Cabin"),
    asset(BATTERY, "Garage battery", parent_id=HOME),
    asset(OTHER_ACCOUNT, "Neighbour", account_id=2),
    asset(PUBLIC_MARKET, "Dutch market", account_id=None),
)
SITE_ASSETS = {entry.id: entry for entry in ASSETS if HOME in (entry.id, entry.parent_id)}
SENSORS = (
    sensor(CONSUMPTION_PRICE, "contract", "EUR/kWh", HOME),
    sensor(PUBLIC_PRICE, "day-ahead", "EUR/MWh", PUBLIC_MARKET, minutes=60),
    sensor(BATTERY_POWER, "power", "kW", BATTERY),
    sensor(SITE_POWER, "grid", "MW", HOME),
    sensor(STATE_OF_CHARGE, "state of charge", "kWh", BATTERY),
    sensor(INSTANTANEOUS_POWER, "meter", "W", HOME, minutes=0),
    sensor(PUBLIC_POWER, "load of the country", "MW", PUBLIC_MARKET),
)


def fake_client() -> MagicMock:
    """Return a client whose calls succeed with the sample account."""
    client: MagicMock = create_autospec(FlexMeasuresClient, instance=True)
    client.ensure_supported.return_value = ServerVersions(server="1.0.1", apis=("v3_0",))
    client.get_user.return_value = User(
        id=7, email=EMAIL, username="me", account_id=1, timezone="Europe/Amsterdam"
    )
    client.get_assets.return_value = ASSETS
    client.get_asset.side_effect = lambda asset_id: next(
        entry for entry in ASSETS if entry.id == asset_id
    )
    client.get_asset_types.return_value = (
        AssetType(id=5, name="battery"),
        AssetType(id=6, name="building"),
    )
    client.get_sensors.return_value = SENSORS
    return client


def add_entry(
    hass: HomeAssistant,
    *,
    site_id: int = HOME,
    title: str = "home",
    url: str = URL,
    email: str = EMAIL,
    password: str = PASSWORD,
    subentries: tuple[ConfigSubentryData, ...] = (),
) -> MockConfigEntry:
    """Add an entry that is not loaded."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=f"{url}#{site_id}",
        data={
            CONF_URL: url,
            CONF_EMAIL: email,
            CONF_PASSWORD: password,
            CONF_VERIFY_SSL: True,
            CONF_SITE_ID: site_id,
        },
        subentries_data=subentries,
    )
    entry.add_to_hass(hass)
    return entry


def mark_loaded(hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock) -> None:
    """Give the entry the parts of a loaded one that the flows use."""
    inventory = SimpleNamespace(
        site=SITE_ASSETS[HOME],
        assets=dict(SITE_ASSETS),
        sensors={entry.id: entry for entry in SENSORS if entry.asset_id in SITE_ASSETS}
        | {PUBLIC_POWER: SENSORS[-1]},
    )
    entry.runtime_data = SimpleNamespace(
        connection=SimpleNamespace(client=client),
        inventory=SimpleNamespace(data=inventory),
    )
    entry.mock_state(hass, ConfigEntryState.LOADED)


@pytest.fixture(autouse=True)
async def setup_entry(hass: HomeAssistant) -> AsyncIterator[AsyncMock]:
    """Keep the entries of a file that imports this from talking to a server; yields what is called for each."""
    integration = "custom_components.flexmeasures"
    with (
        patch(f"{integration}.async_setup", return_value=True),
        patch(f"{integration}.async_setup_entry", return_value=True) as setup_entry,
        patch(f"{integration}.async_unload_entry", return_value=True),
    ):
        yield setup_entry
        # While there is still no server needed.
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def entry(hass: HomeAssistant, client: MagicMock) -> MockConfigEntry:
    """Return a loaded entry with nothing added to it."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    return entry
