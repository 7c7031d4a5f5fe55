"""S2 devices in the plan of their site: described, planned together with the rest, told what to do, and let go."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import (
    FlexMeasuresError,
    JobFailedError,
    ScheduleResult,
    ValidationError,
)
from custom_components.flexmeasures.plan_guests import GuestRequest
from custom_components.flexmeasures.s2_device import S2Device

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry
from .s2.samples import (
    actuator as actuator_of,
    actuator_status,
    demand_driven_description,
    fill_rate_description,
    number_range,
    power_constraints,
    power_forecast,
    power_profile,
    power_range,
    storage_status,
    transition,
)
from .s2_devices import ConnectedDevice, s2_subentry
from .test_init import set_up
from .test_s2_measurements import ASSET, created, settle

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
__all__ = ["created"]


def free_actuator() -> Any:
    """Return an actuator that may change its mode at any time."""
    return actuator_of(
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


def s2_device(entry: MockConfigEntry) -> S2Device:
    """Return the entry's only S2 device."""
    device: S2Device
    (device,) = entry.runtime_data.s2.devices.values()
    return device


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
    assert s2_device(entry).planned_power(NOON + timedelta(minutes=1)) == 2500.0
    assert s2_device(entry).planned_power(NOON + timedelta(minutes=16)) == 0.0
    assert s2_device(entry).last_instruction is None


async def test_a_followed_plan_becomes_an_instruction_at_each_step(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    s2_device(entry).async_follow(True)

    first = await device.hear_until("FRBC.Instruction")
    assert (first["operation_mode"], first["operation_mode_factor"]) == ("charge", 0.5)

    await settle(hass, freezer, NOON + timedelta(minutes=15, seconds=1))
    second = await device.hear_until("FRBC.Instruction")
    assert second["operation_mode"] == "idle" or second["operation_mode_factor"] == 0.0


async def test_letting_go_returns_the_device_to_itself(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    s2_device(entry).async_follow(True)
    await device.hear_until("FRBC.Instruction")

    s2_device(entry).async_follow(False)

    asked = [await device.hear_until("SelectControlType") for _ in range(2)]
    assert [item["control_type"] for item in asked] == ["NO_SELECTION", "FILL_RATE_BASED_CONTROL"]
    assert await device.say(fill_rate_description(free_actuator())) == "OK"
    assert s2_device(entry).observation.is_described


async def test_a_device_that_was_told_nothing_is_not_disturbed(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    s2_device(entry).async_follow(False)

    await device.say(storage_status(41))
    assert [said["message_type"] for said in device.said].count("SelectControlType") == 1


async def test_the_end_of_the_last_plan_lets_the_device_go(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    s2_device(entry).async_follow(True)
    await device.hear_until("FRBC.Instruction")
    entry.runtime_data.planner.async_stop()

    planned = s2_device(entry).planned
    assert planned
    (schedule,) = planned.schedules.values()
    await settle(hass, freezer, schedule.valid_until + timedelta(seconds=1))

    while (asked := await device.hear_until("SelectControlType"))["control_type"] != "NO_SELECTION":
        pass
    assert asked


async def test_a_person_s_power_goes_before_the_plan(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    s2_device(entry).async_follow(True)
    await device.hear_until("FRBC.Instruction")

    s2_device(entry).async_override(5000)
    heard = await device.hear_until("FRBC.Instruction")
    assert heard["operation_mode_factor"] == 1.0

    s2_device(entry).async_override(None)
    heard = await device.hear_until("FRBC.Instruction")
    assert heard["operation_mode_factor"] == 0.5


async def test_a_person_s_power_ends_with_the_step(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    s2_device(entry).async_follow(True)
    await device.hear_until("FRBC.Instruction")
    s2_device(entry).async_override(5000)
    await device.hear_until("FRBC.Instruction")

    await settle(hass, freezer, NOON + timedelta(minutes=15, seconds=1))

    assert s2_device(entry).override is None
    assert s2_device(entry).setpoint == 0.0


async def test_the_entities_show_and_take_what_the_device_follows(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    def state(entity_id: str) -> str:
        found = hass.states.get(entity_id)
        assert found, entity_id
        return found.state

    assert state("switch.solar_panels_follow_schedule") == "off"
    assert state("number.solar_panels_power_setpoint") == "unknown"
    assert state("sensor.solar_panels_scheduled_power") == "2500.0"
    setpoint = {"entity_id": "number.solar_panels_power_setpoint", "value": 5000}
    with pytest.raises(HomeAssistantError) as refused:
        await hass.services.async_call("number", "set_value", setpoint, blocking=True)
    assert refused.value.translation_key == "s2_not_following"

    follow = {"entity_id": "switch.solar_panels_follow_schedule"}
    await hass.services.async_call("switch", "turn_on", follow, blocking=True)
    assert state("number.solar_panels_power_setpoint") == "2500.0"
    await hass.services.async_call("number", "set_value", setpoint, blocking=True)
    assert state("number.solar_panels_power_setpoint") == "5000.0"
    await hass.services.async_call("switch", "turn_off", follow, blocking=True)
    assert state("number.solar_panels_power_setpoint") == "unknown"
    rows = hass.states.get("sensor.solar_panels_scheduled_power")
    assert rows
    assert [row["value"] for row in rows.attributes["forecast"][:2]] == [2500.0, 0.0]


async def test_following_survives_a_restart_and_goes_on_with_the_first_plan(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    s2_device(entry).async_follow(True)
    await device.hear_until("FRBC.Instruction")
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await device.closed()
    await reloading

    again = await connect(hass, client, hass_client_no_auth, freezer, NOON + timedelta(seconds=15))

    assert s2_device(entry).following
    assert (await again.hear_until("FRBC.Instruction"))["operation_mode_factor"] == 0.5


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
    assert s2_device(entry).planned is None


async def test_guests_lists_go_behind_those_of_the_site() -> None:
    request = GuestRequest(flex_context={"inflexible-consumption": [{"sensor": 7}]})

    assert request.joined_context(None, {"inflexible-consumption": [{"sensor": 3}]}) == {
        "inflexible-consumption": [{"sensor": 3}, {"sensor": 7}]
    }
    assert request.joined_context({"consumption-price": "1 EUR/kWh"}, {}) == {
        "consumption-price": "1 EUR/kWh",
        "inflexible-consumption": [{"sensor": 7}],
    }
    assert GuestRequest(flex_context={}).joined_context(None, {"x": [1]}) is None


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
    """Each hour costs its number in UTC, so that the cheapest hour within 12:00 to 18:00 is the first."""
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow("POWER_PROFILE_BASED_CONTROL")
    profile = power_profile(start_time="2026-11-22T12:00:00Z", end_time="2026-11-22T18:00:00Z")
    s2_device(entry).async_follow(True)
    await device.say(profile)
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))

    heard = await device.hear_until("PPBC.ScheduleInstruction")

    assert heard["power_profile_id"] == "eco"
    assert heard["execution_time"].startswith("2026-11-22T12:00")
    client.trigger_and_get_schedule.assert_not_called()


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

    async def plan(*ids: int, **asked: Any) -> ScheduleResult:
        planned.set()
        result: ScheduleResult = await site.plan(1000.0)(*ids, **asked)
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
    asked = client.trigger_and_get_schedule.call_args.kwargs
    assert asked["sensor_ids"] == [number["power pump"]]
    pump, burner, store = asked["flex_model"]
    assert (pump["sensor"], pump["commodity"]) == (number["power pump"], "electricity")
    assert (burner["sensor"], burner["commodity"]) == (number["power boiler"], "gas")
    assert store["soc-usage"] == [{"sensor": number["demand forecast"]}]
    (stored,) = [
        call.kwargs
        for call in client.post_sensor_data.call_args_list
        if call.args[0] == number["demand forecast"]
    ]
    assert (set(stored["values"]), stored["unit"]) == ({4.0}, "kW")
    assert s2_device(entry).planned_power(NOON + timedelta(minutes=1)) == 1000.0


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
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 10**6):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow()
    for word in (fill_rate_description(free_actuator()), storage_status(40)):
        await device.say(word)
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    async with asyncio.timeout(5):
        await asked.wait()

    assert await device.say(storage_status(41)) == "OK"
    assert not computed.is_set()
    computed.set()
    await hass.async_block_till_done()
