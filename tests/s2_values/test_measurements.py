"""What S2 devices measure reaches FlexMeasures: on the grid of its sensors, which are created when they are missing."""

from datetime import datetime, timedelta

from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.followed_entities import resolve_entity_id

from .. import site
from ..planning import NOON, QUARTER
from ..s2.samples import actuator, actuator_status, fill_rate_description, storage_status
from ..s2_devices import ConnectedDevice, s2_subentry
from ..s2_home import ASSET, MINUTE, SECOND, S2Home
from ..s2_words import measurement


def after(length: timedelta) -> tuple[timedelta, ...]:
    """Return when an interval that ends so long after noon is recorded, and when it has been sent, after noon too.

    The write may end only after the clock was moved on; the jitter before sending counts from then.
    """
    return tuple(length + seconds * SECOND for seconds in (2, 30, 60))


async def leave(home: S2Home, device: ConnectedDevice, *lengths: timedelta) -> None:
    """Let the device go, and everything that is due so long after noon happen to its end."""
    await device.socket.close()
    for length in lengths:
        home.clock.move_to(NOON + length)
        async_fire_time_changed(home.hass)
        await home.hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def device(home: S2Home) -> ConnectedDevice:
    """Return the device, connected and described, two seconds after noon."""
    device = await home.connect(
        fill_rate_description(), storage_status(40), actuator_status("idle")
    )
    await home.until(SECOND)
    await home.until(2 * SECOND)
    return device


async def test_missing_sensors_are_created_on_the_device_s_asset(
    home: S2Home, device: ConnectedDevice
) -> None:
    assert {(facts["name"], facts["unit"], facts["resolution"]) for facts in home.created} == {
        ("power", "kW", QUARTER),
        ("fill level", "%", timedelta(0)),
        ("state of charge", "kWh", timedelta(0)),
        ("usage forecast", "kW", QUARTER),
        ("gain forecast", "kW", QUARTER),
    }
    assert {facts["asset_id"] for facts in home.created} == {ASSET}


async def test_sensors_that_exist_are_used(home: S2Home, device: ConnectedDevice) -> None:
    before = len(home.created)

    await device.say(storage_status(41))
    await home.until(10 * SECOND)

    assert len(home.created) == before


async def test_actuators_on_one_storage_get_a_power_sensor_each(
    home: S2Home, device: ConnectedDevice
) -> None:
    await device.say(
        fill_rate_description(actuator("pump"), actuator("rod", diagnostic_label="Heating rod"))
    )
    await home.until(10 * SECOND)
    await home.until(11 * SECOND)

    names = [facts["name"] for facts in home.created]
    assert {"power pump", "power Heating rod", "expected energy"} <= set(names)
    assert len(names) == len(set(names))


def posted(home: S2Home, name: str) -> dict[datetime, float | None]:
    """Return what was posted to the sensor of the name, by time."""
    values: dict[datetime, float | None] = {}
    sensors = {sensor.id: sensor for sensor in home.client.get_sensors.return_value}
    for call in home.client.post_sensor_data.call_args_list:
        sensor = sensors[call.args[0]]
        if sensor.name == name and sensor.asset_id == ASSET:
            step = call.kwargs["duration"] / max(1, len(call.kwargs["values"]))
            for number, value in enumerate(call.kwargs["values"]):
                values[call.kwargs["start"] + number * step] = value
    return values


async def test_power_is_posted_as_its_mean_over_time(home: S2Home, device: ConnectedDevice) -> None:
    """From 12:15 on: 1 kW for 8 minutes and 2 kW for 7 minutes are 22/15 kW."""
    for minute, watts in ((13, 1000), (15, 1000), (19, 1000), (23, 2000), (27, 2000), (29, 2000)):
        await home.until(minute * MINUTE)
        await device.say(measurement(L1=watts))
        await home.until(timedelta(minutes=minute, seconds=1))
    await home.until(30 * MINUTE)
    await leave(home, device, *after(30 * MINUTE))

    mean = posted(home, "power")[NOON + QUARTER]
    assert mean == pytest.approx(22 / 15)


async def test_a_silence_is_a_gap_and_no_number(home: S2Home, device: ConnectedDevice) -> None:
    """One measurement holds for five minutes, which is too little of a quarter-hour."""
    await home.until(QUARTER)
    await device.say(measurement(L1=1000))
    await home.until(20 * MINUTE + 2 * SECOND)
    await home.until(30 * MINUTE)
    await leave(home, device, *after(30 * MINUTE))

    assert posted(home, "power").get(NOON + QUARTER) is None


async def test_levels_are_posted_at_whole_minutes(home: S2Home, device: ConnectedDevice) -> None:
    await device.say(storage_status(41))
    await home.until(30 * SECOND)
    await home.until(MINUTE)
    await leave(home, device, *after(MINUTE))

    level = posted(home, "fill level")
    assert level[NOON + MINUTE] == 41.0
    energy = posted(home, "state of charge")[NOON + MINUTE]
    # 5000 W at 0.02 % per second are 0.0694 kWh per %.
    assert energy == pytest.approx(41 * 5000 / 0.02 / 3.6e6)


async def test_each_measurement_has_its_own_proof_that_it_arrives_after_a_restart(
    home: S2Home, device: ConnectedDevice, caplog: pytest.LogCaptureFixture
) -> None:
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    await home.hass.async_block_till_done()

    for name in ("power", "fill_level", "state_of_charge"):
        assert home.hass.states.get(f"sensor.solar_panels_last_value_sent_to_{name}"), name
    assert "does not generate unique IDs" not in caplog.text


async def test_a_disabled_entity_of_a_device_is_told_though_its_others_are_well(
    home: S2Home, device: ConnectedDevice
) -> None:
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    (power,) = [
        running.feed
        for running in home.entry.runtime_data.uploader.feeds
        if running.feed.measurement == "measured_power"
    ]
    assert power.key == f"{power.subentry_id}_measured_power"

    er.async_get(home.hass).async_update_entity(
        resolve_entity_id(home.hass, power.entity), disabled_by=er.RegistryEntryDisabler.USER
    )
    await home.hass.async_block_till_done()

    issues = ir.async_get(home.hass).issues
    raised = [issue.translation_key for issue in issues.values() if issue.domain == DOMAIN]
    assert "feed_entity_disabled" in raised


async def test_a_server_that_is_away_is_asked_again_for_sensors(home: S2Home) -> None:
    create = home.client.add_sensor.side_effect
    home.client.add_sensor.side_effect = ConnectionFailedError("away")
    await home.connect()
    await home.until(2 * SECOND)
    assert home.client.add_sensor.call_count == 1

    home.client.add_sensor.side_effect = create
    await home.until(65 * SECOND)
    await home.until(66 * SECOND)

    assert "power" in {facts["name"] for facts in home.created}


async def test_what_is_measured_on_an_existing_sensor_has_that_sensor_s_sign(
    empty_home: S2Home,
) -> None:
    """The small site's battery stores production as positive."""
    home = await empty_home.set_up(s2_subentry(asset=2))
    device = await home.connect()
    for minute in (0, 4, 8, 12, 14):
        await home.until(timedelta(minutes=minute, seconds=1))
        await device.say(measurement(L1=1500))
        await home.until(timedelta(minutes=minute, seconds=2))
    await home.until(QUARTER)
    await leave(home, device, *after(QUARTER))

    calls = home.client.post_sensor_data.call_args_list
    values = [call.kwargs["values"] for call in calls if call.args[0] == site.BATTERY_POWER]
    assert values[0] == pytest.approx((-1.5,))
