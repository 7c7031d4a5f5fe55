"""What S2 devices measure reaches FlexMeasures: on the grid of its sensors, which are created when they are missing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import ConnectionFailedError, Sensor
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.followed_entities import resolve_entity_id

from . import site
from .conftest import make_entry
from .s2.samples import actuator, actuator_status, fill_rate_description, storage_status
from .s2_devices import ConnectedDevice, finish_plans, s2_subentry
from .test_init import set_up
from .test_s2_entities import measurement

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ASSET = 4


@pytest.fixture
def created(client: AsyncMock) -> list[dict[str, Any]]:
    """Let the server create sensors; return what was asked for."""
    asked: list[dict[str, Any]] = []

    async def add_sensor(**facts: Any) -> Sensor:
        asked.append(facts)
        sensor = Sensor(id=200 + len(asked), **{**facts, "attributes": facts["attributes"] or {}})
        client.get_sensors.return_value = (*client.get_sensors.return_value, sensor)
        return sensor

    client.add_sensor.side_effect = add_sensor
    return asked


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    freezer: FrozenDateTimeFactory,
) -> MockConfigEntry:
    """Return a loaded entry with an S2 device on an asset without sensors for it."""
    freezer.move_to(NOON)
    entry = make_entry(s2_subentry(asset=ASSET))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory, to: datetime) -> None:
    """Let it become this time, and everything that is due happen."""
    freezer.move_to(to)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    await finish_plans(hass)


def after(time: timedelta) -> tuple[datetime, ...]:
    """Return when an interval that ends so long after noon is recorded, and when it has been sent.

    The write may end only after the clock was moved on; the jitter before sending counts from then.
    """
    return tuple(NOON + time + timedelta(seconds=seconds) for seconds in (2, 30, 60))


async def leave(
    hass: HomeAssistant, device: ConnectedDevice, freezer: FrozenDateTimeFactory, *times: datetime
) -> None:
    """Let the device go, and everything that is due at the times happen to its end."""
    await device.socket.close()
    for time in times:
        freezer.move_to(time)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def device(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> ConnectedDevice:
    """Return the device, connected and described, a second after noon."""
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 7200):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow()
    await device.say(fill_rate_description())
    await device.say(storage_status(40))
    await device.say(actuator_status("idle"))
    await settle(hass, freezer, NOON + timedelta(seconds=1))
    await settle(hass, freezer, NOON + timedelta(seconds=2))
    return device


async def test_missing_sensors_are_created_on_the_device_s_asset(
    device: ConnectedDevice, created: list[dict[str, Any]]
) -> None:
    assert {(facts["name"], facts["unit"], facts["resolution"]) for facts in created} == {
        ("power", "kW", timedelta(minutes=15)),
        ("fill level", "%", timedelta(0)),
        ("state of charge", "kWh", timedelta(0)),
        ("usage forecast", "kW", timedelta(minutes=15)),
        ("gain forecast", "kW", timedelta(minutes=15)),
    }
    assert {facts["asset_id"] for facts in created} == {ASSET}


async def test_sensors_that_exist_are_used(
    hass: HomeAssistant,
    device: ConnectedDevice,
    created: list[dict[str, Any]],
    freezer: FrozenDateTimeFactory,
) -> None:
    before = len(created)

    await device.say(storage_status(41))
    await settle(hass, freezer, NOON + timedelta(seconds=10))

    assert len(created) == before


async def test_actuators_on_one_storage_get_a_power_sensor_each(
    hass: HomeAssistant,
    device: ConnectedDevice,
    created: list[dict[str, Any]],
    freezer: FrozenDateTimeFactory,
) -> None:
    await device.say(
        fill_rate_description(actuator("pump"), actuator("rod", diagnostic_label="Heating rod"))
    )
    await settle(hass, freezer, NOON + timedelta(seconds=10))
    await settle(hass, freezer, NOON + timedelta(seconds=11))

    names = [facts["name"] for facts in created]
    assert {"power pump", "power Heating rod", "expected energy"} <= set(names)
    assert len(names) == len(set(names))


def posted(client: AsyncMock, name: str) -> dict[datetime, float | None]:
    """Return what was posted to the sensor of the name, by time."""
    values: dict[datetime, float | None] = {}
    sensors = {sensor.id: sensor for sensor in client.get_sensors.return_value}
    for call in client.post_sensor_data.call_args_list:
        sensor = sensors[call.args[0]]
        if sensor.name == name and sensor.asset_id == ASSET:
            step = call.kwargs["duration"] / max(1, len(call.kwargs["values"]))
            for number, value in enumerate(call.kwargs["values"]):
                values[call.kwargs["start"] + number * step] = value
    return values


async def test_power_is_posted_as_its_mean_over_time(
    hass: HomeAssistant,
    device: ConnectedDevice,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    """From 12:15 on: 1 kW for 8 minutes and 2 kW for 7 minutes are 22/15 kW."""
    for minute, watts in ((13, 1000), (15, 1000), (19, 1000), (23, 2000), (27, 2000), (29, 2000)):
        await settle(hass, freezer, NOON + timedelta(minutes=minute))
        await device.say(measurement(L1=watts))
        await settle(hass, freezer, NOON + timedelta(minutes=minute, seconds=1))
    await settle(hass, freezer, NOON + timedelta(minutes=30))
    await leave(hass, device, freezer, *after(timedelta(minutes=30)))

    mean = posted(client, "power")[NOON + timedelta(minutes=15)]
    assert mean == pytest.approx(22 / 15)


async def test_a_silence_is_a_gap_and_no_number(
    hass: HomeAssistant,
    device: ConnectedDevice,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    """One measurement holds for five minutes, which is too little of a quarter-hour."""
    await settle(hass, freezer, NOON + timedelta(minutes=15))
    await device.say(measurement(L1=1000))
    await settle(hass, freezer, NOON + timedelta(minutes=20, seconds=2))
    await settle(hass, freezer, NOON + timedelta(minutes=30))
    await leave(hass, device, freezer, *after(timedelta(minutes=30)))

    assert posted(client, "power").get(NOON + timedelta(minutes=15)) is None


async def test_levels_are_posted_at_whole_minutes(
    hass: HomeAssistant,
    device: ConnectedDevice,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    await device.say(storage_status(41))
    await settle(hass, freezer, NOON + timedelta(seconds=30))
    await settle(hass, freezer, NOON + timedelta(minutes=1))
    await leave(hass, device, freezer, *after(timedelta(minutes=1)))

    level = posted(client, "fill level")
    assert level[NOON + timedelta(minutes=1)] == 41.0
    energy = posted(client, "state of charge")[NOON + timedelta(minutes=1)]
    # 5000 W at 0.02 % per second are 0.0694 kWh per %.
    assert energy == pytest.approx(41 * 5000 / 0.02 / 3.6e6)


async def test_each_measurement_has_its_own_proof_that_it_arrives_after_a_restart(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    for name in ("power", "fill_level", "state_of_charge"):
        assert hass.states.get(f"sensor.solar_panels_last_value_sent_to_{name}"), name
    assert "does not generate unique IDs" not in caplog.text


async def test_a_disabled_entity_of_a_device_is_told_though_its_others_are_well(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
    (power,) = [
        running.feed
        for running in entry.runtime_data.uploader.feeds
        if running.feed.measurement == "measured_power"
    ]
    assert power.key == f"{power.subentry_id}_measured_power"

    er.async_get(hass).async_update_entity(
        resolve_entity_id(hass, power.entity), disabled_by=er.RegistryEntryDisabler.USER
    )
    await hass.async_block_till_done()

    issues = ir.async_get(hass).issues
    raised = [issue.translation_key for issue in issues.values() if issue.domain == DOMAIN]
    assert "feed_entity_disabled" in raised


async def test_a_server_that_is_away_is_asked_again_for_sensors(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    create = client.add_sensor.side_effect
    client.add_sensor.side_effect = ConnectionFailedError("away")
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 7200):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow()
    await settle(hass, freezer, NOON + timedelta(seconds=2))
    assert client.add_sensor.call_count == 1

    client.add_sensor.side_effect = create
    await settle(hass, freezer, NOON + timedelta(seconds=65))
    await settle(hass, freezer, NOON + timedelta(seconds=66))

    assert "power" in {facts["name"] for facts in created}


async def test_what_is_measured_on_an_existing_sensor_has_that_sensor_s_sign(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The small site's battery stores production as positive."""
    freezer.move_to(NOON)
    entry = make_entry(s2_subentry(asset=2))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 7200):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow()
    for minute in (0, 4, 8, 12, 14):
        await settle(hass, freezer, NOON + timedelta(minutes=minute, seconds=1))
        await device.say(measurement(L1=1500))
        await settle(hass, freezer, NOON + timedelta(minutes=minute, seconds=2))
    await settle(hass, freezer, NOON + timedelta(minutes=15))
    await leave(hass, device, freezer, *after(timedelta(minutes=15)))

    calls = client.post_sensor_data.call_args_list
    values = [call.kwargs["values"] for call in calls if call.args[0] == site.BATTERY_POWER]
    assert values[0] == pytest.approx((-1.5,))
