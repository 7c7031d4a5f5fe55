"""S2 devices in the plan of their site: described, planned together with the rest, told what to do, and let go."""

import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FlexMeasuresError,
    JobFailedError,
    ScheduleResult,
    Sensor,
    ValidationError,
)
from custom_components.flexmeasures.controller import Controller
from custom_components.flexmeasures.s2_device import S2Device
from custom_components.flexmeasures.wishes import Wishes

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry
from .planning import asked, id_of, planner_of, power_of, press, reason_of, status_of, triggers
from .s2.samples import (
    actuator as actuator_of,
    actuator_status,
    demand_driven_description,
    element,
    fill_rate_description,
    fill_rate_mode,
    number_range,
    power_constraints,
    power_forecast,
    power_profile,
    power_range,
    storage_status,
    transition,
    usage_forecast,
)
from .s2_devices import ConnectedDevice, s2_subentry
from .test_init import set_up
from .test_s2_measurements import ASSET, created, settle

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
__all__ = ["created"]


def free_actuator(name: str = "inverter") -> Any:
    """Return an actuator that may change its mode at any time."""
    return actuator_of(
        name,
        transitions=[transition("up", "idle", "charge"), transition("down", "charge", "idle")],
        timers=[],
    )


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    freezer: FrozenDateTimeFactory,
) -> MockConfigEntry:
    """Return a loaded entry with an S2 device on an asset without sensors for it, and plans of 2500 W and 0 W."""
    freezer.move_to(NOON)
    client.trigger_and_get_schedule.side_effect = site.plan(2500.0, 0.0)
    entry = make_entry(s2_subentry(asset=ASSET))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def connect(
    hass: HomeAssistant,
    client: AsyncMock,
    http: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    start: datetime = NOON,
    *,
    has_refused: bool = False,
) -> ConnectedDevice:
    """Return the device, connected, described and planned, ten seconds later."""
    answer, planned = client.trigger_and_get_schedule.side_effect, asyncio.Event()

    async def plan(*ids: int, **asked: Any) -> ScheduleResult:
        result: ScheduleResult = await answer(*ids, **asked)
        if asked["sensor_ids"] != [site.BATTERY_POWER] or has_refused:
            planned.set()
        return result

    client.trigger_and_get_schedule.side_effect = plan
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await http())
        await device.follow()
    await device.say(fill_rate_description(free_actuator()))
    await device.say(storage_status(40))
    await device.say(actuator_status("idle"))
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, start + timedelta(seconds=second))
    async with asyncio.timeout(5):
        await planned.wait()
    await hass.async_block_till_done()
    return device


@pytest.fixture
async def device(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> ConnectedDevice:
    """Return the device, connected, described and planned."""
    return await connect(hass, client, hass_client_no_auth, freezer)


async def knock(hass: HomeAssistant, http: ClientSessionGenerator) -> ConnectedDevice:
    """Return a device that has knocked; the clock of a test may jump further than pings come."""
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        return await ConnectedDevice.knock(hass, await http())


def s2_device(entry: MockConfigEntry) -> S2Device:
    """Return the entry's only S2 device."""
    device: S2Device
    (device,) = entry.runtime_data.s2.devices.values()
    return device


def controller_of(entry: MockConfigEntry) -> Controller:
    """Return the controller of the entry's only S2 device."""
    (subentry,) = entry.get_subentries_of_type("s2_device")
    controller: Controller = entry.runtime_data.controllers[subentry.subentry_id]
    return controller


async def test_nothing_is_asked_for_while_the_device_is_away(
    hass: HomeAssistant, entry: MockConfigEntry, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await settle(hass, freezer, NOON + timedelta(seconds=10))

    client.trigger_and_get_schedule.assert_not_called()


async def test_a_described_device_is_planned_at_once(
    device: ConnectedDevice, client: AsyncMock, created: list[dict[str, Any]]
) -> None:
    asked = client.trigger_and_get_schedule.call_args.kwargs
    power = next(200 + number for number, item in enumerate(created, 1) if item["name"] == "power")

    assert asked["sensor_ids"] == [power]
    (model,) = asked["flex_model"]
    assert model["sensor"] == power
    # 5000 W at 0.02 % per second are 0.0694 kWh per %: 40 % are 2.78 kWh.
    assert float(model["soc-at-start"].removesuffix(" kWh")) == pytest.approx(2.778, abs=0.001)
    assert model["consumption-capacity"] == "5000 W"
    assert asked["start"] == NOON


async def test_a_plan_is_shown_and_not_carried_out_before_the_person_says_so(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    assert power_of(entry, NOON + timedelta(minutes=1)) == 2500.0
    assert power_of(entry, NOON + timedelta(minutes=16)) == 0.0
    assert s2_device(entry).instructor.last is None


async def test_a_flexible_device_and_an_s2_device_are_planned_in_one_request(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    entry = make_entry(BATTERY_SUBENTRY, s2_subentry("Boiler", asset=ASSET))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    await connect(hass, client, hass_client_no_auth, freezer)

    asked = client.trigger_and_get_schedule.call_args.kwargs
    power = next(200 + number for number, item in enumerate(created, 1) if item["name"] == "power")
    assert asked["sensor_ids"] == [site.BATTERY_POWER, power]
    assert [model["sensor"] for model in asked["flex_model"]] == [site.BATTERY_POWER, power]


@pytest.mark.parametrize(
    "refusal",
    [
        ValidationError("no such mode", status=422, request="POST trigger"),
        JobFailedError("infeasible", job_id="1"),
    ],
)
async def test_an_s2_device_that_the_server_refuses_does_not_stop_the_others(
    refusal: FlexMeasuresError,
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    plan = client.trigger_and_get_schedule.side_effect

    async def refuse_guests(*ids: int, **asked: Any) -> ScheduleResult:
        if len(asked["flex_model"]) > 1:
            raise refusal
        result: ScheduleResult = await plan(*ids, **asked)
        return result

    client.trigger_and_get_schedule.side_effect = refuse_guests
    freezer.move_to(NOON)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    entry = make_entry(BATTERY_SUBENTRY, s2_subentry("Boiler", asset=ASSET))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    await connect(hass, client, hass_client_no_auth, freezer, has_refused=True)

    asked = client.trigger_and_get_schedule.call_args.kwargs
    assert asked["sensor_ids"] == [site.BATTERY_POWER]
    (battery,) = entry.get_subentries_of_type("flexible_device")
    assert entry.runtime_data.planner.status(battery.subentry_id).status == "planned"
    assert status_of(entry, "Boiler") == "failed"
    assert reason_of(entry, "Boiler") == f"FlexMeasures refuses to plan Boiler: {refusal}"
    # The battery has its new plan; what is wrong with the boiler is told at the boiler.
    for button, refused in (("battery", False), ("solar_panels", True)):
        pressing = hass.services.async_call(
            "button", "press", {"entity_id": f"button.{button}_reschedule"}, blocking=True
        )
        with pytest.raises(HomeAssistantError) if refused else nullcontext():
            await pressing
    assert power_of(entry, NOON, "Boiler") is None


async def test_forecasts_are_stored_before_they_are_planned_with(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Panels that foresee 1.5 kW of production from 12:00 on may be planned up to that."""
    stored: list[int] = []
    client.post_sensor_data.side_effect = lambda number, **_: stored.append(number)
    planned = asyncio.Event()

    async def plan(*ids: int, **asked: Any) -> ScheduleResult:
        planned.set()
        result: ScheduleResult = await site.plan(-1500.0)(*ids, **asked)
        return result

    client.trigger_and_get_schedule.side_effect = plan
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow("POWER_ENVELOPE_BASED_CONTROL")
    await device.say(power_forecast() | {"start_time": "2026-11-22T12:00:00Z"})
    await device.say(power_constraints())
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    async with asyncio.timeout(5):
        await planned.wait()

    number = {item["name"]: 200 + index for index, item in enumerate(created, 1)}
    assert number["production forecast"] in stored
    posts = [
        call.kwargs
        for call in client.post_sensor_data.call_args_list
        if call.args[0] == number["production forecast"]
    ]
    assert len(posts) == 1
    assert posts[0]["wait"] is True
    assert posts[0]["unit"] == "kW"
    assert posts[0]["values"][:5] == (1.5, 1.5, 1.5, 1.5, None)
    (model,) = client.trigger_and_get_schedule.call_args.kwargs["flex_model"]
    assert model["sensor"] == number["power"]
    assert model["production-capacity"] == {"sensor": number["production forecast"]}


async def test_a_dishwasher_places_its_own_profile_by_the_prices_and_is_told_when_to_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each hour costs its number in UTC, so that the cheapest hour within 12:00 to 18:00 is the first whole minute."""
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow("POWER_PROFILE_BASED_CONTROL")
    profile = power_profile(start_time="2026-11-22T12:00:00Z", end_time="2026-11-22T18:00:00Z")
    controller_of(entry).async_follow(True)
    await device.say(profile)
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))

    heard = await device.hear_until("PPBC.ScheduleInstruction")

    assert heard["power_profile_id"] == "eco"
    assert heard["execution_time"].startswith("2026-11-22T12:01")
    client.trigger_and_get_schedule.assert_not_called()
    assert status_of(entry) == "planned"
    # 2000 W for an hour from 12:01 on, as means of the quarter-hours.
    quarters = [NOON + step * timedelta(minutes=15) for step in range(6)]
    assert [power_of(entry, quarter) for quarter in quarters] == pytest.approx(
        [28000 / 15, 2000, 2000, 2000, 2000 / 15, 0]
    )


async def pass_periods(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, start: datetime, minutes: int
) -> datetime:
    """Let so many minutes pass, one by one; return the time."""
    now = start
    for _ in range(minutes):
        now += timedelta(minutes=1)
        await settle(hass, freezer, now)
    return now


async def plan_idle(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    http: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> ConnectedDevice:
    """Return the device, at 40 %, following a schedule of 0 W."""
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    device = await connect(hass, client, http, freezer)
    controller_of(entry).async_follow(True)
    await settle(hass, freezer, NOON + timedelta(minutes=1))
    return device


async def test_nothing_is_asked_for_while_nothing_changes(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    before = triggers(client)

    # The same words again are nothing new, either.
    await device.say(fill_rate_description(free_actuator()))
    await device.say(actuator_status("idle"))
    await device.say(storage_status(41))
    now = await pass_periods(hass, freezer, NOON + timedelta(minutes=1), 60)

    assert triggers(client) == before
    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert plan.expires
    assert plan.expires > now + timedelta(hours=11)


async def test_a_fill_level_off_its_path_asks_for_another_plan(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert plan.expected_energy(NOON + timedelta(hours=1)) == pytest.approx(2.778, abs=0.001)
    assert plan.expected_state_of_charge(NOON + timedelta(hours=1)) == pytest.approx(40)
    now = await pass_periods(hass, freezer, NOON + timedelta(minutes=1), 6)
    before = triggers(client)

    await device.say(storage_status(55))
    await pass_periods(hass, freezer, now, 3)

    assert triggers(client) == before + 1
    assert planner_of(entry).plan(id_of(entry, "Battery")) is not plan
    (model,) = asked(client)["flex_model"]
    assert float(model["soc-at-start"].removesuffix(" kWh")) == pytest.approx(3.819, abs=0.001)


async def test_a_forecast_of_another_usage_asks_for_another_plan_after_a_while(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    before = triggers(client)

    forecast = usage_forecast() | {"start_time": "2026-11-22T12:30:00Z"}
    await device.say(forecast)
    now = await pass_periods(hass, freezer, NOON + timedelta(minutes=1), 6)
    assert triggers(client) == before + 1

    await device.say(usage_forecast() | {"start_time": "2026-11-22T12:30:00Z"})
    await pass_periods(hass, freezer, now, 20)
    assert triggers(client) == before + 1


async def test_what_people_want_reaches_the_request(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    before = triggers(client)
    await hass.config.async_set_time_zone("UTC")
    wishes = Wishes(target=80, ready_by=time(18, 0), keep_at_least=30, keep_at_most=90)

    entry.runtime_data.wishes.async_wish(id_of(entry, "Battery"), wishes)
    await pass_periods(hass, freezer, NOON + timedelta(minutes=1), 1)

    assert triggers(client) == before + 1
    (model,) = asked(client)["flex_model"]
    # All of 100 % are 6.944 kWh.
    minima = {
        item.get("datetime", item.get("start")): item["value"] for item in model["soc-minima"]
    }
    assert minima == {
        "2026-11-22T12:00:00+00:00": "2.083333333 kWh",
        "2026-11-22T18:00:00+00:00": "5.555555556 kWh",
    }
    (maximum,) = model["soc-maxima"]
    assert maximum["value"] == "6.25 kWh"
    assert status_of(entry) == "target_missed"
    reachable = hass.states.get("binary_sensor.solar_panels_target_reachable")
    assert reachable
    assert reachable.state == "off"


async def test_wishes_that_contradict_each_other_leave_the_device_out(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    entry.runtime_data.wishes.async_wish(
        id_of(entry, "Battery"), Wishes(keep_at_least=60, keep_at_most=60)
    )
    await pass_periods(hass, freezer, NOON + timedelta(minutes=1), 1)

    assert status_of(entry) == "settings_wrong"


async def test_a_device_that_is_away_keeps_its_plan_and_says_so(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    await device.socket.close()
    await settle(hass, freezer, NOON + timedelta(minutes=2))

    await press(entry)

    assert status_of(entry) == "device_away"
    assert power_of(entry, NOON) == 0.0


async def test_a_device_that_leaves_while_prices_are_read_is_left_out(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await plan_idle(hass, entry, client, hass_client_no_auth, freezer)
    before, read = triggers(client), client.get_sensor_data.side_effect

    async def leave(*ids: int, **wanted: Any) -> Any:
        await device.socket.close()
        await hass.async_block_till_done()
        return await read(*ids, **wanted)

    client.get_sensor_data.side_effect = leave
    await press(entry)

    assert status_of(entry) == "device_away"
    assert triggers(client) == before
    assert power_of(entry, NOON) == 0.0


async def test_a_device_that_has_not_described_itself_is_left_out_by_name(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await knock(hass, hass_client_no_auth)
    await device.follow()
    with pytest.raises(HomeAssistantError):
        await press(entry)

    assert status_of(entry) == "state_unknown"
    assert reason_of(entry) == "Battery has not described yet what it can do."


async def test_sensors_that_are_being_created_are_waited_for_and_told_when_they_cannot_be(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answered = asyncio.Event()

    async def fail(**_: Any) -> Sensor:
        await answered.wait()
        raise ConnectionFailedError("away")

    client.add_sensor.side_effect = fail
    device = await knock(hass, hass_client_no_auth)
    await device.follow()
    await device.say(fill_rate_description(free_actuator()))
    await device.say(storage_status(40))
    await press(entry)
    assert status_of(entry) == "waiting"
    assert "No new schedule" not in caplog.text

    answered.set()
    await settle(hass, freezer, NOON + timedelta(seconds=1))
    with pytest.raises(HomeAssistantError):
        await press(entry)
    assert status_of(entry) == "state_unknown"
    assert reason_of(entry) == "The sensors of Battery are not in FlexMeasures yet."


async def test_a_device_that_does_not_tell_its_energy_is_left_out_by_name(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Modes whose fill rate is 0 tell nothing of what a unit of fill level is worth."""
    device = await knock(hass, hass_client_no_auth)
    await device.follow()
    still = fill_rate_mode("idle", element(0, 100, number_range(0, 0), power_range(0, 5000)))
    await device.say(
        fill_rate_description(actuator_of(operation_modes=[still], transitions=[], timers=[]))
    )
    await device.say(storage_status(40))
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))

    assert status_of(entry) == "settings_wrong"
    assert reason_of(entry).startswith("Battery does not tell how much energy")
    assert hass.states.get("number.solar_panels_keep_at_least") is None


async def test_what_cannot_be_controlled_counts_for_the_others_and_has_nothing_to_plan(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    entry = make_entry(BATTERY_SUBENTRY, s2_subentry("Cooker", asset=ASSET))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    device = await knock(hass, hass_client_no_auth)
    await device.follow("NOT_CONTROLABLE")
    await device.say(power_forecast() | {"start_time": "2026-11-22T12:00:00Z"})
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))

    number = {item["name"]: 200 + index for index, item in enumerate(created, 1)}
    context = asked(client)["flex_context"]
    assert asked(client)["sensor_ids"] == [site.BATTERY_POWER]
    assert context["inflexible-production"] == [{"sensor": number["production forecast"]}]
    assert status_of(entry, "Cooker") == "nothing_to_plan"
    for entity_id in (
        "switch.solar_panels_follow_schedule",
        "select.solar_panels_mode",
        "number.solar_panels_power_setpoint",
    ):
        state = hass.states.get(entity_id)
        assert state
        assert state.state == "unavailable", entity_id
    before = triggers(client)
    await pass_periods(hass, freezer, NOON + timedelta(seconds=10), 30)
    assert triggers(client) == before


async def test_gas_is_planned_beside_electricity_and_is_no_power_of_the_device(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A heat pump and a gas boiler share a demand of 4 kW; only the schedule of the heat pump is fetched."""
    planned = asyncio.Event()

    async def plan(*ids: int, **kwargs: Any) -> ScheduleResult:
        planned.set()
        result: ScheduleResult = await site.plan(1000.0)(*ids, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = plan
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow("DEMAND_DRIVEN_BASED_CONTROL")
    rate = number_range(4, 4)
    description: Any = demand_driven_description("pump", "boiler", present_demand_rate=rate)
    boiler = description["actuators"][1]
    gas = {"power_ranges": [power_range(0, 0.2, "NATURAL_GAS.FLOW_RATE")]}
    boiler["operation_modes"] = [mode | gas for mode in boiler["operation_modes"]]
    assert await device.say(description) == "OK"
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    async with asyncio.timeout(5):
        await planned.wait()
    await hass.async_block_till_done()

    number = {item["name"]: 200 + index for index, item in enumerate(created, 1)}
    request = asked(client)
    assert request["sensor_ids"] == [number["power pump"]]
    pump, burner, store = request["flex_model"]
    assert (pump["sensor"], pump["commodity"]) == (number["power pump"], "electricity")
    assert (burner["sensor"], burner["commodity"]) == (number["power boiler"], "gas")
    assert store["soc-usage"] == [{"sensor": number["demand forecast"]}]
    (stored,) = [
        call.kwargs
        for call in client.post_sensor_data.call_args_list
        if call.args[0] == number["demand forecast"]
    ]
    assert (set(stored["values"]), stored["unit"]) == ({4.0}, "kW")
    assert power_of(entry, NOON + timedelta(minutes=1)) == 1000.0


async def test_a1_a_message_is_answered_while_a_plan_is_computed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    asked, computed = asyncio.Event(), asyncio.Event()

    async def plan(*ids: int, **wanted: Any) -> ScheduleResult:
        asked.set()
        await computed.wait()
        result: ScheduleResult = await site.plan(2500.0)(*ids, **wanted)
        return result

    client.trigger_and_get_schedule.side_effect = plan
    device = await knock(hass, hass_client_no_auth)
    await device.follow()
    for word in (
        fill_rate_description(free_actuator()),
        storage_status(40),
        actuator_status("idle"),
    ):
        await device.say(word)
    for second in (1, 2, 5, 10):
        freezer.move_to(NOON + timedelta(seconds=second))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    await asked.wait()

    assert await device.say(storage_status(41)) == "OK"
    assert not computed.is_set()
    computed.set()
    await hass.async_block_till_done()
