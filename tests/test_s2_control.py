"""S2 devices as flexible devices: what their sessions are told at every instant, by schedule, people and chance."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.control import (
    ControlStatus,
    FollowSchedule,
    Outcome,
    SetpointSource,
    TurnSwitch,
)
from custom_components.flexmeasures.s2_carrier import S2Carrier
from custom_components.flexmeasures.s2_device import S2Device
from custom_components.flexmeasures.s2_sensors import sensors_on

from . import site
from .conftest import make_entry
from .planning import asked, id_of, planner_of, power_of
from .s2.samples import actuator_status, fill_rate_description, power_profile, storage_status
from .s2_devices import SECRET, ConnectedDevice, s2_subentry
from .test_init import set_up
from .test_s2_measurements import ASSET, created, settle
from .test_s2_planning import (
    NOON,
    connect,
    controller_of,
    device,
    entry,
    free_actuator,
    knock,
    s2_device,
)

__all__ = ["created", "device", "entry"]
SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)
CHARGES, RESTS = ("charge", 0.5), ("charge", 0.0)


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity."""
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state


async def act(hass: HomeAssistant, service: str, entity_id: str, **data: object) -> None:
    """Call an action on an entity."""
    domain = entity_id.split(".", maxsplit=1)[0]
    await hass.services.async_call(domain, service, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done()


async def follow(hass: HomeAssistant, device: ConnectedDevice) -> None:
    """Let the schedule be followed by its switch; the device is told to charge with 2500 of its 5000 W."""
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    assert await told(device) == CHARGES


async def told(device: ConnectedDevice) -> tuple[str, float]:
    """Return the operation mode and factor of the next instruction, which the device then runs."""
    heard = await device.hear_until("FRBC.Instruction")
    return heard["operation_mode"], heard["operation_mode_factor"]


async def released(device: ConnectedDevice) -> None:
    """Expect that the device is asked to follow nothing and then the same again, and let it describe itself anew."""
    asked = [await device.hear_until("SelectControlType") for _ in range(2)]
    assert [item["control_type"] for item in asked] == ["NO_SELECTION", "FILL_RATE_BASED_CONTROL"]
    await describe(device)


async def describe(device: ConnectedDevice) -> None:
    """Let the device tell what it can do and how it is: idle at 40 %."""
    await device.say(fill_rate_description(free_actuator()))
    await device.say(storage_status(40))
    await device.say(actuator_status("idle"))


async def is_told_nothing(device: ConnectedDevice) -> None:
    """Expect that nothing but an answer comes after something is said."""
    before = len(device.said)
    await device.say(storage_status(40))
    assert device.said[before:] == []


async def test_a_followed_schedule_becomes_an_instruction_at_each_step(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    assert controller_of(entry).status is ControlStatus.FOLLOWING
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "2500.0"

    await settle(hass, freezer, NOON + QUARTER + SECOND)
    assert await told(device) == RESTS
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "0.0"

    await settle(hass, freezer, NOON + 2 * QUARTER + SECOND)
    assert await told(device) == CHARGES


async def test_letting_go_returns_the_device_to_itself(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    await follow(hass, device)

    await act(hass, "turn_off", "switch.solar_panels_follow_schedule")

    await released(device)
    assert s2_device(entry).observation.is_described
    await is_told_nothing(device)
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "unknown"


async def test_a_device_that_was_told_nothing_is_not_disturbed(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    await act(hass, "turn_off", "switch.solar_panels_follow_schedule")

    await is_told_nothing(device)
    assert controller_of(entry).status is ControlStatus.IDLE


async def test_the_end_of_the_last_schedule_lets_the_device_go(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    entry.runtime_data.planner.async_stop()
    plan = entry.runtime_data.planner.plan(s2_device(entry).settings.subentry_id)

    await settle(hass, freezer, plan.for_control.valid_until + SECOND)

    while (await device.hear_until("SelectControlType"))["control_type"] != "NO_SELECTION":
        pass
    assert controller_of(entry).setpoint.source is SetpointSource.SCHEDULE_ENDED


async def test_a_person_s_power_holds_until_the_next_block(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)

    await act(hass, "set_value", "number.solar_panels_power_setpoint", value=5000)
    assert await told(device) == ("charge", 1.0)
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "5000.0"

    await settle(hass, freezer, NOON + QUARTER - SECOND)
    await is_told_nothing(device)
    await settle(hass, freezer, NOON + QUARTER + SECOND)
    assert await told(device) == RESTS
    assert controller_of(entry).override is None


async def test_a_person_s_power_can_be_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    await follow(hass, device)
    registered = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_4"), entry.entry_id
    )
    assert registered
    named = {"device_id": registered.id}

    answer = await hass.services.async_call(
        DOMAIN,
        "override_setpoint",
        {**named, "power": 4, "unit": "kW"},
        blocking=True,
        return_response=True,
    )
    assert answer
    assert (answer["power"], answer["source"]) == (4000.0, "override")
    assert await told(device) == ("charge", 0.8)

    await hass.services.async_call(
        DOMAIN, "clear_override", named, blocking=True, return_response=True
    )
    assert await told(device) == CHARGES


async def test_modes_go_before_the_schedule(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    mode = "select.solar_panels_mode"
    await follow(hass, device)
    offered = state_of(hass, mode).attributes["options"]
    assert offered == ["schedule", "charge_now", "pause", "manual"]

    await act(hass, "select_option", mode, option="charge_now")
    assert await told(device) == ("charge", 1.0)
    await act(hass, "select_option", mode, option="pause")
    assert await told(device) == RESTS
    # What stands is told again every quarter of an hour, and is no more than that when the schedule's block begins.
    await settle(hass, freezer, NOON + 2 * QUARTER + SECOND)
    assert await told(device) == RESTS

    await act(hass, "select_option", mode, option="schedule")
    assert await told(device) == CHARGES


@pytest.mark.parametrize("choice", ["mode", "power"])
async def test_what_a_person_chooses_waits_for_no_plan_after_a_start(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    choice: str,
) -> None:
    """The schedule is followed, and the server has none yet."""
    client.trigger_and_get_schedule.side_effect = ConnectionFailedError("it is away")
    controller_of(entry).async_follow(True)
    device = await knock(hass, hass_client_no_auth)
    await device.follow()
    await describe(device)
    await settle(hass, freezer, NOON + 5 * SECOND)
    await is_told_nothing(device)

    if choice == "mode":
        await act(hass, "select_option", "select.solar_panels_mode", option="charge_now")
    else:
        await act(hass, "set_value", "number.solar_panels_power_setpoint", value=5000)
    assert await told(device) == ("charge", 1.0)


async def test_charging_at_once_ends_at_what_is_wanted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    await act(hass, "set_value", "number.solar_panels_target_state_of_charge", value=60)
    await act(hass, "select_option", "select.solar_panels_mode", option="charge_now")
    assert await told(device) == ("charge", 1.0)

    await device.say(storage_status(60))
    await settle(hass, freezer, NOON + timedelta(minutes=1))

    assert state_of(hass, "select.solar_panels_mode").state == "schedule"
    assert await told(device) == CHARGES


async def test_a_mode_works_without_following_the_schedule(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    await act(hass, "select_option", "select.solar_panels_mode", option="charge_now")
    assert await told(device) == ("charge", 1.0)

    await act(hass, "select_option", "select.solar_panels_mode", option="schedule")

    await released(device)


async def test_nothing_is_sent_in_shadow_mode(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await act(hass, "turn_on", "switch.solar_panels_shadow_mode")
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    await settle(hass, freezer, NOON + QUARTER + SECOND)

    assert state_of(hass, "number.solar_panels_power_setpoint").state == "0.0"
    assert controller_of(entry).status is ControlStatus.SHADOW
    await is_told_nothing(device)
    assert [said["message_type"] for said in device.said].count("FRBC.Instruction") == 0


async def test_going_into_the_shadow_lets_the_device_go_and_leaving_it_goes_on(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)

    await act(hass, "turn_on", "switch.solar_panels_shadow_mode")
    await released(device)
    await settle(hass, freezer, NOON + timedelta(minutes=1))

    await act(hass, "turn_off", "switch.solar_panels_shadow_mode")
    assert await told(device) == CHARGES


async def test_a_device_that_comes_back_in_mid_block_is_told_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    await device.socket.close()
    await settle(hass, freezer, NOON + timedelta(minutes=5))
    assert controller_of(entry).setpoint.source is SetpointSource.INPUT_LOST
    assert entry.runtime_data.planner.plan(s2_device(entry).settings.subentry_id)

    again = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await again.follow()
    await describe(again)
    await settle(hass, freezer, NOON + timedelta(minutes=5, seconds=1))

    assert await told(again) == CHARGES
    assert controller_of(entry).setpoint.source is SetpointSource.SCHEDULE


async def test_a_restart_in_mid_block_keeps_the_plan_and_goes_on_with_it(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    name = s2_device(entry).settings.subentry_id
    before = entry.runtime_data.planner.plan(name)
    client.trigger_and_get_schedule.side_effect = AssertionError("the kept plan is followed")
    freezer.move_to(NOON + timedelta(minutes=5))
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await device.closed()
    await reloading

    asked = [said for said in device.said if said["message_type"] == "SelectControlType"]
    assert asked[-1]["control_type"] == "NO_SELECTION"
    kept = entry.runtime_data.planner.plan(name)
    assert kept.schedule == before.schedule
    assert kept.actuators == before.actuators
    assert list(kept.actuators) == ["inverter"]
    again = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await again.follow()
    await describe(again)
    await settle(hass, freezer, NOON + timedelta(minutes=5, seconds=1))

    assert await told(again) == CHARGES
    assert controller_of(entry).following


async def test_an_instruction_by_hand_is_left_alone_until_the_next_block(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await follow(hass, device)
    registered = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_4"), entry.entry_id
    )
    assert registered
    instruction = {
        "message_type": "FRBC.Instruction",
        "actuator_id": "inverter",
        "operation_mode": "charge",
        "operation_mode_factor": 0.25,
        "abnormal_condition": False,
    }
    await hass.services.async_call(
        DOMAIN,
        "s2_send_instruction",
        {"device_id": registered.id, "instruction": instruction},
        blocking=True,
        return_response=True,
    )
    assert await told(device) == ("charge", 0.25)
    assert controller_of(entry).status is ControlStatus.SUSPENDED
    assert controller_of(entry).suspended_until == NOON + QUARTER
    await is_told_nothing(device)

    await settle(hass, freezer, NOON + QUARTER + SECOND)
    assert await told(device) == RESTS


async def test_what_cannot_be_told_is_refused_by_name(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    registered = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_4"), entry.entry_id
    )
    assert registered

    async def refusal(action: str, **data: Any) -> str:
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                DOMAIN,
                action,
                {"device_id": registered.id, **data},
                blocking=True,
                return_response=True,
            )
        return str(refused.value)

    assert "-1000" in await refusal("override_setpoint", power=-1000)
    assert "discharge_now" in await refusal("choose_mode", mode="discharge_now")


async def home_with(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, **settings: float
) -> MockConfigEntry:
    """Return a loaded entry whose S2 device has these settings, and plans of 2500 W and 0 W."""
    freezer.move_to(NOON)
    client.trigger_and_get_schedule.side_effect = site.plan(2500.0, 0.0)
    entry = make_entry(s2_subentry("Battery", SECRET, asset=ASSET, **settings))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def test_people_s_limits_bound_what_is_planned_and_told(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await home_with(hass, client, freezer, most_consumption=2.0)
    device = await connect(hass, client, hass_client_no_auth, freezer)

    (model,) = asked(client)["flex_model"]
    assert (model["consumption-capacity"], model["power-capacity"]) == ("2000 W", "2000 W")
    setpoint = state_of(hass, "number.solar_panels_power_setpoint")
    assert (setpoint.attributes["min"], setpoint.attributes["max"]) == (0, 2000)

    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    assert await told(device) == ("charge", 0.4)
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "2000.0"


async def connect_two_actuators(
    hass: HomeAssistant, http: ClientSessionGenerator, freezer: FrozenDateTimeFactory
) -> ConnectedDevice:
    """Return a storage with two actuators of 5 kW each, after its first plan."""
    device = await knock(hass, http)
    await device.follow()
    await device.say(fill_rate_description(free_actuator(), free_actuator("heater")))
    await device.say(storage_status(40))
    for name in ("inverter", "heater"):
        await device.say(actuator_status("idle", actuator=name))
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    return device


async def test_two_actuators_share_a_limit_and_their_power_is_kept_on_the_device_s_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    entry = await home_with(hass, client, freezer, most_consumption=3.0)
    device = await connect_two_actuators(hass, hass_client_no_auth, freezer)

    power = sensors_on(entry, ASSET)["power"]
    inverter, heater, storage, shared = asked(client)["flex_model"]
    assert inverter["group"] == heater["group"] == {"sensor": power.id}
    assert "group" not in storage
    assert shared == {"sensor": power.id, "consumption-capacity": "3000 W"}
    # The server's answer is twice 2.5 kW, whatever was asked for; on the sensor consumption is positive.
    window = entry.runtime_data.values.window(power.id)
    assert window
    assert window.value_at(NOON) == 5.0

    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    heard = [await device.hear_until("FRBC.Instruction") for _ in range(2)]
    factors = {each["actuator_id"]: each["operation_mode_factor"] for each in heard}
    assert factors == {"inverter": 0.5, "heater": pytest.approx(0.1)}


async def test_two_actuators_are_planned_each_and_shown_as_one(
    hass: HomeAssistant,
    client: AsyncMock,
    created: list[dict[str, Any]],
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    entry = await home_with(hass, client, freezer)
    device = await connect_two_actuators(hass, hass_client_no_auth, freezer)

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert {name: each.power_at(NOON) for name, each in plan.actuators.items()} == {
        "inverter": 2500.0,
        "heater": 2500.0,
    }
    assert state_of(hass, "sensor.solar_panels_scheduled_power").state == "5000.0"
    assert state_of(hass, "number.solar_panels_power_setpoint").attributes["max"] == 10_000

    async def told_both() -> dict[str, float]:
        heard = [await device.hear_until("FRBC.Instruction") for _ in range(2)]
        return {each["actuator_id"]: each["operation_mode_factor"] for each in heard}

    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    assert await told_both() == {"inverter": 0.5, "heater": 0.5}
    await act(hass, "set_value", "number.solar_panels_power_setpoint", value=6000)
    assert await told_both() == {"inverter": 1.0, "heater": pytest.approx(0.2)}


async def test_what_a_device_stores_is_remembered_while_it_is_away(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await device.closed()
    await reloading

    for entity_id in (
        "number.solar_panels_target_state_of_charge",
        "number.solar_panels_keep_at_least",
        "time.solar_panels_ready_by",
        "binary_sensor.solar_panels_target_reachable",
        "sensor.solar_panels_expected_state_of_charge",
    ):
        assert state_of(hass, entity_id).state != "unavailable", entity_id
    assert state_of(hass, "select.solar_panels_mode").state == "unavailable"


async def test_a_programme_can_be_begun_and_has_no_power_to_set(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The cheapest hour within 15:00 to 18:00 is the first."""
    device = await knock(hass, hass_client_no_auth)
    await device.follow("POWER_PROFILE_BASED_CONTROL")
    await device.say(
        power_profile(start_time="2026-11-22T15:00:00Z", end_time="2026-11-22T18:00:00Z")
    )
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    mode = state_of(hass, "select.solar_panels_mode")
    assert mode.attributes["options"] == ["schedule", "charge_now", "pause"]
    assert state_of(hass, "number.solar_panels_power_setpoint").state == "unavailable"
    assert hass.states.get("number.solar_panels_keep_at_least") is None

    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    heard = await device.hear_until("PPBC.ScheduleInstruction")
    assert heard["execution_time"] == "2026-11-22T15:00:00Z"
    assert controller_of(entry).setpoint.source is SetpointSource.SCHEDULE
    assert controller_of(entry).setpoint.power == 0.0
    assert power_of(entry, NOON + timedelta(hours=3)) == 2000.0

    await act(hass, "select_option", "select.solar_panels_mode", option="charge_now")
    assert controller_of(entry).setpoint.source is SetpointSource.CHARGE_NOW
    assert controller_of(entry).setpoint.power == 2000.0


async def test_a_programme_that_is_paused_does_not_begin(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await knock(hass, hass_client_no_auth)
    await device.follow("POWER_PROFILE_BASED_CONTROL")
    await device.say(
        power_profile(start_time="2026-11-22T15:00:00Z", end_time="2026-11-22T18:00:00Z")
    )
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    placed = await device.hear_until("PPBC.ScheduleInstruction")

    await act(hass, "select_option", "select.solar_panels_mode", option="pause")
    heard = await device.hear_until("RevokeObject")
    assert (heard["object_type"], heard["object_id"]) == ("PPBC.ScheduleInstruction", placed["id"])
    assert state_of(hass, "sensor.solar_panels_last_instruction").state == "revoked"

    await act(hass, "select_option", "select.solar_panels_mode", option="schedule")
    again = await device.hear_until("PPBC.ScheduleInstruction")
    assert again["execution_time"] == placed["execution_time"]
    assert again["id"] != placed["id"]


async def test_a_device_that_cannot_be_told_takes_no_command(
    entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    planner = planner_of(entry)
    carrier = S2Carrier(s2_device(entry), planner)
    assert await carrier.async_send(TurnSwitch(on=True)) is Outcome.REFUSED
    assert carrier.problem is None

    away = S2Carrier(S2Device(s2_device(entry)._hass, s2_device(entry).settings), planner)
    assert await away.async_send(FollowSchedule()) is Outcome.FAILED
    assert away.modes == ("schedule",)
