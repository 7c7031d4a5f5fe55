"""Home Assistant starts while the FlexMeasures server is away: the home goes on as it was planned and measured."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, Never
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import (
    Account,
    Asset,
    CertificateError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    ServerTooOldError,
    ServerVersions,
    UnexpectedResponseError,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import DOMAIN

from . import site
from .absent_server import away
from .conftest import PASSWORD
from .states import state_of
from .test_init import set_up


def file_of(entry: MockConfigEntry) -> str:
    """Return the key of the entry's file."""
    return f"{DOMAIN}.{entry.entry_id}.inventory"


async def a_while_later(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the site be read anew."""
    freezer.tick(timedelta(seconds=62))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_the_site_is_what_the_server_says_as_soon_as_it_is_back(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    entity_registry_enabled_by_default: None,
) -> None:
    await set_up(hass, entry)
    with away(client):
        await hass.config_entries.async_reload(entry.entry_id)
        await a_while_later(hass, freezer)
    heat_pump = Asset(id=5, name="Heat pump", type_name="process", account_id=3, parent_id=1)
    client.ensure_supported.return_value = ServerVersions(server="1.2.0", apis=("v3_0", "v4"))
    client.get_account.return_value = Account(id=3, name="Renamed account")
    client.get_assets.return_value = (*site.ASSETS[:2], heat_pump)
    client.get_sensors.return_value = (*site.SENSORS[:2], site.make_sensor(20, "power", "kW", 5))

    await a_while_later(hass, freezer)

    assert state_of(hass, "sensor.heat_pump_power") != "unavailable"
    assert hass.states.get("sensor.solar_panels_roof_east") is None
    assert state_of(hass, "sensor.our_account_api_version") == "v3_0, v4"
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert {device.name: device.sw_version for device in devices} == {
        "Renamed account": "1.2.0",
        "Home": None,
        "Battery": None,
        "Heat pump": None,
    }
    kept = hass_storage[file_of(entry)]["data"]
    assert [asset["name"] for asset in kept["assets"]] == ["Home", "Battery", "Heat pump"]
    assert kept["server"] == "1.2.0"


@pytest.mark.parametrize("account_id", [3, None])
async def test_the_site_of_a_start_without_server_is_the_one_that_was_read(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, account_id: int | None
) -> None:
    home = replace(site.ASSETS[0], account_id=account_id)
    client.get_assets.return_value = (home, *site.ASSETS[1:])
    client.get_sensors.return_value = (
        *site.SENSORS,
        site.make_sensor(21, "meter", "kW", 1, attributes={"consumption_is_positive": True}),
    )
    await set_up(hass, entry)
    before = entry.runtime_data.inventory

    with away(client):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        after = entry.runtime_data.inventory

        assert after is not before
        assert after.data == before.data
        assert after.data.sensors[21].consumption_is_positive
        assert (after.account, after.versions) == (before.account, before.versions)
        assert not after.last_update_success


@pytest.mark.parametrize(
    "error",
    [
        CertificateError("expired"),
        NotFoundError("404 page not found", status=404, request="GET /api/"),
        RateLimitedError("slow down", status=429, request="GET /api/", retry_after=30),
        RequestTimeoutError("too late"),
        ServerError("bad gateway", status=502, request="GET /api/"),
        UnexpectedResponseError("not JSON", status=200, request="GET /api/"),
    ],
)
async def test_whatever_keeps_the_server_away_the_site_is_set_up(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, error: Exception
) -> None:
    await set_up(hass, entry)

    with away(client, error):
        await hass.config_entries.async_reload(entry.entry_id)

    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("method", "error", "state"),
    [
        (
            "get_assets",
            WrongPasswordError("wrong", status=401, request="POST /"),
            ConfigEntryState.SETUP_ERROR,
        ),
        (
            "get_assets",
            NotFoundError("No asset found with ID 1.", status=422, request="GET /assets"),
            ConfigEntryState.SETUP_RETRY,
        ),
        (
            "get_sensors",
            PermissionDeniedError("Not yours", status=403, request="GET /sensors"),
            ConfigEntryState.SETUP_RETRY,
        ),
        (
            "ensure_supported",
            ServerTooOldError(version="0.20", minimum="0.28"),
            ConfigEntryState.SETUP_RETRY,
        ),
    ],
)
async def test_what_the_server_says_itself_is_believed(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    method: str,
    error: Exception,
    state: ConfigEntryState,
) -> None:
    await set_up(hass, entry)
    getattr(client, method).side_effect = error

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert entry.state is state
    reauthentications = list(hass.config_entries.flow.async_progress())
    assert len(reauthentications) == (state is ConfigEntryState.SETUP_ERROR)


async def test_a_password_that_is_refused_when_the_server_is_back_is_asked_for(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, entry)
    with away(client):
        await hass.config_entries.async_reload(entry.entry_id)
    client.get_assets.side_effect = WrongPasswordError("wrong", status=401, request="POST /")

    await a_while_later(hass, freezer)

    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


async def test_a_server_that_hangs_is_not_waited_for(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    async def hang(*_: object, **__: object) -> Never:
        await asyncio.Event().wait()
        raise AssertionError

    await set_up(hass, battery_entry)

    with away(client, hang):
        with patch("custom_components.flexmeasures.coordinator._LONGEST_START", 0):
            await hass.config_entries.async_reload(battery_entry.entry_id)
        await hass.async_block_till_done()
        assert battery_entry.state is ConfigEntryState.LOADED
        assert state_of(hass, "binary_sensor.our_account_connected") == "off"

    await a_while_later(hass, freezer)
    assert state_of(hass, "binary_sensor.our_account_connected") == "on"


def _broken(record: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    part: Any = record
    for name in parents:
        part = part[int(name)] if name.isdigit() else part[name]
    part[last] = value


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("version", 2, "version 2 which is newer"),
        ("data", ["something", "else"], "items"),
        ("data.assets", None, "assets is no list"),
        ("data.assets", [], "the site is not among its assets"),
        ("data.assets.0.id", "1", "id is no whole number"),
        ("data.assets.0.parent", True, "parent is no whole number"),
        ("data.assets.0.flex_context", None, "flex_context is no object"),
        ("data.sensors", [12], "sensors is no object"),
        ("data.sensors.0.consumption_is_positive", 1, "is neither true nor false"),
        ("data.sensors.0.resolution", "PT15M", "resolution is no number"),
        ("data.sensors.0.unit", None, "unit is no text"),
        ("data.sensors", 12, "sensors is no list"),
        ("data.apis", "v3_0", "apis is no list"),
        ("data.account", 3, "account is no object"),
    ],
)
async def test_a_file_that_is_not_understood_counts_as_none_and_is_written_anew(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    path: str,
    value: object,
    reason: str,
) -> None:
    await set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    _broken(hass_storage[file_of(entry)], path, value)

    with away(client):
        await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    (line,) = [each for each in caplog.messages if "What was kept of the site" in each]
    assert reason in line

    await hass.config_entries.async_reload(entry.entry_id)
    assert hass_storage[file_of(entry)]["version"] == 1
    assert hass_storage[file_of(entry)]["data"]["assets"][0]["id"] == 1


@pytest.mark.parametrize("change", [{"url": "https://other.example"}, {"site_id": 2}])
async def test_what_another_server_or_site_told_is_not_taken(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, change: dict[str, object]
) -> None:
    await set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data={**entry.data, **change})

    with away(client):
        await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_a_first_start_without_server_is_tried_again(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    with away(client):
        await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason is not None
    assert file_of(entry) not in hass_storage


async def test_the_file_is_written_only_when_the_site_is_another(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    await set_up(hass, entry)
    written = hass_storage[file_of(entry)]

    freezer.tick(timedelta(minutes=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.config_entries.async_reload(entry.entry_id)
    assert client.get_assets.call_count == 3
    assert hass_storage[file_of(entry)] is written

    client.get_sensors.return_value = site.SENSORS[:2]
    await hass.config_entries.async_reload(entry.entry_id)
    assert hass_storage[file_of(entry)] is not written
    assert [each["id"] for each in hass_storage[file_of(entry)]["data"]["sensors"]] == [11, 12]


async def test_the_file_holds_no_secret_and_is_removed_with_the_entry(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    private = Asset(
        id=1,
        name="Home",
        type_name="building",
        account_id=None,
        parent_id=None,
        attributes={"key": "of the door"},
    )
    client.get_assets.return_value = (private,)
    await set_up(hass, entry)
    text = str(hass_storage[file_of(entry)])
    assert PASSWORD not in text
    assert "of the door" not in text

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert file_of(entry) not in hass_storage
