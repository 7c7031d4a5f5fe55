"""Setting an entry up, its devices and entities, and taking it down."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from syrupy.assertion import SnapshotAssertion

from custom_components.flexmeasures.client import (
    Asset,
    ConnectionFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerTooOldError,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import DOMAIN

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set the entry up and let everything settle."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def test_an_entry_is_set_up_after_four_calls_whatever_its_size(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    client.get_sensors.return_value = tuple(
        site.make_sensor(100 + number, f"power {number}", "kW", 2) for number in range(1000)
    )

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.LOADED
    # Signing in is the fifth request, made by the client with the first call that needs it.
    assert [name for name, *_ in client.method_calls if name != "get_sensor_data"] == [
        "ensure_supported",
        "get_assets",
        "get_sensors",
        "get_account",
    ]
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert len([entity for entity in entities if "_sensor_" in entity.unique_id]) == 1000
    assert client.get_sensor_data.call_count <= 1


async def test_devices_form_the_tree_of_the_server(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    await set_up(hass, battery_entry)

    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, battery_entry.entry_id)
    by_id = {device.id: device for device in devices}
    tree = {
        device.name: (
            by_id[device.via_device_id].name if device.via_device_id else None,
            device.model,
            device.sw_version,
            device.configuration_url,
        )
        for device in devices
    }
    assert tree == snapshot
    (subentry_id,) = battery_entry.subentries
    assert {device.name: device.config_subentry_id for device in devices}["Battery"] == subentry_id


@pytest.mark.parametrize(
    ("asset_type", "model"),
    [("one-way_evse", "One-way EV charger"), ("solar", "Solar"), ("my_own type", "My own type")],
)
async def test_an_asset_type_is_shown_as_people_read_it(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, asset_type: str, model: str
) -> None:
    battery = next(asset for asset in site.ASSETS if asset.name == "Battery")
    client.get_assets.return_value = tuple(
        replace(asset, type_name=asset_type) if asset is battery else asset for asset in site.ASSETS
    )
    await set_up(hass, entry)

    identifier = (DOMAIN, f"{entry.entry_id}_{battery.id}")
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    assert device
    assert device.model == model


async def test_a_device_moves_to_a_flexible_device_that_is_added_and_back(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(hass, entry)
    registry = dr.async_get(hass)
    identifier = (DOMAIN, f"{entry.entry_id}_2")
    before = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert before
    subentry = ConfigSubentry(
        data=MappingProxyType(dict(BATTERY_SUBENTRY["data"])),
        subentry_type=BATTERY_SUBENTRY["subentry_type"],
        title=BATTERY_SUBENTRY["title"],
        unique_id=BATTERY_SUBENTRY["unique_id"],
    )

    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done()

    moved = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert moved
    assert (moved.id, moved.config_subentry_id) == (before.id, subentry.subentry_id)
    entities = er.async_entries_for_device(er.async_get(hass), moved.id)
    assert {entity.config_subentry_id for entity in entities} == {subentry.subentry_id}

    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await hass.async_block_till_done()

    left = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert left
    assert left.config_subentry_id is None
    entities = er.async_entries_for_device(er.async_get(hass), left.id)
    assert {entity.unique_id for entity in entities} == {
        f"{entry.entry_id}_sensor_{sensor}" for sensor in (site.BATTERY_POWER, site.BATTERY_ENERGY)
    }
    assert "different config subentry" not in caplog.text


async def test_a_second_device_on_the_same_asset_stands_beside_it(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    second = {**BATTERY_SUBENTRY, "title": "Second", "unique_id": "power_sensor_16"}
    second["data"] = {**BATTERY_SUBENTRY["data"], "power_sensor": 16}
    client.get_sensors.return_value = (*site.SENSORS, site.make_sensor(16, "more power", "kW", 2))
    entry = make_entry(BATTERY_SUBENTRY, second)  # type: ignore[arg-type]
    entry.add_to_hass(hass)

    await set_up(hass, entry)

    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert sorted(device.name or "" for device in devices) == [
        "Battery",
        "Home",
        "Our account",
        "Second",
        "Solar panels",
    ]


async def test_new_assets_and_sensors_appear_and_removed_ones_leave(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, entry)
    assert hass.states.get("sensor.solar_panels_roof_east")
    heat_pump = Asset(id=5, name="Heat pump", type_name="process", account_id=3, parent_id=1)
    client.get_assets.return_value = (*site.ASSETS[:2], heat_pump)
    client.get_sensors.return_value = (
        *site.SENSORS[:2],
        site.make_sensor(20, "power", "kW", 5),
    )

    freezer.tick(timedelta(minutes=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert hass.states.get("sensor.heat_pump_power")
    assert hass.states.get("sensor.solar_panels_roof_east") is None
    names = {
        device.name
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    }
    assert names == {"Our account", "Home", "Battery", "Heat pump"}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ConnectionFailedError("refused"), ConfigEntryState.SETUP_RETRY),
        (
            RateLimitedError("slow down", status=429, request="GET /", retry_after=30),
            ConfigEntryState.SETUP_RETRY,
        ),
        (ServerTooOldError(version="0.20", minimum="0.33"), ConfigEntryState.SETUP_RETRY),
        (
            WrongPasswordError("wrong", status=401, request="POST /"),
            ConfigEntryState.SETUP_ERROR,
        ),
    ],
)
async def test_a_failing_server_is_retried_and_a_refused_sign_in_asks_for_a_password(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    error: Exception,
    state: ConfigEntryState,
) -> None:
    client.get_assets.side_effect = error

    await set_up(hass, entry)

    assert entry.state is state
    reauthentications = list(hass.config_entries.flow.async_progress())
    assert len(reauthentications) == (state is ConfigEntryState.SETUP_ERROR)


@pytest.mark.parametrize(
    "answer",
    [
        [()],
        NotFoundError("No asset found with ID 1.", status=422, request="GET /assets"),
        PermissionDeniedError("Not yours", status=403, request="GET /assets"),
    ],
)
async def test_a_site_that_is_gone_is_told_until_it_is_back(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, answer: Any
) -> None:
    client.get_assets.side_effect = answer
    await set_up(hass, entry)

    issue_id = f"{entry.entry_id}_site_not_found"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert "site is no longer on the server" in str(entry.reason)
    assert issue
    assert issue.translation_placeholders == {"site": "Home"}

    client.get_assets.side_effect = None
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_a_removed_entry_leaves_no_issue(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    client.get_assets.return_value = ()
    await set_up(hass, entry)

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_an_entry_unloads_and_loads_again(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    await set_up(hass, battery_entry)

    assert await hass.config_entries.async_unload(battery_entry.entry_id)
    await hass.async_block_till_done()
    assert battery_entry.state is ConfigEntryState.NOT_LOADED
    assert hass.states.get("sensor.battery_scheduled_power").state == "unavailable"  # type: ignore[union-attr]

    await set_up(hass, battery_entry)
    assert battery_entry.state is ConfigEntryState.LOADED


async def test_two_entries_of_one_account_share_one_client(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    other = make_entry(site_id=2)
    client.get_assets.return_value = (*site.ASSETS, replace(site.ASSETS[0], id=2))
    other.add_to_hass(hass)

    await set_up(hass, entry)

    assert entry.runtime_data.connection is other.runtime_data.connection
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert other.runtime_data.connection.entry_ids == {other.entry_id}


async def test_a_new_password_reaches_the_shared_client(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    client.replace_credentials.assert_not_called()
    other = make_entry(password="the new one")
    other.add_to_hass(hass)

    await set_up(hass, other)

    (credentials,) = client.replace_credentials.call_args.args
    assert credentials.password == "the new one"


async def test_a_flexible_device_with_senseless_settings_does_not_stop_the_site(
    hass: HomeAssistant, client: AsyncMock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {**BATTERY_SUBENTRY, "data": {**BATTERY_SUBENTRY["data"], "writes_per_day": 1}}
    entry = make_entry(broken)  # type: ignore[arg-type]
    entry.add_to_hass(hass)

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.LOADED
    assert "Battery is not planned, its settings make no sense: writes_per_day" in caplog.text


async def test_people_cannot_remove_devices_that_are_on_the_server(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    integration = hass.data["integrations"][DOMAIN]
    component = integration.get_component()
    (device, *_) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    assert not await component.async_remove_config_entry_device(hass, entry, device)
