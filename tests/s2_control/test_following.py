"""S2 devices that follow their schedule: what they are told at every instant, and when they are let go."""

from custom_components.flexmeasures.control import (
    ControlStatus,
    FollowSchedule,
    Outcome,
    SetpointSource,
    TurnSwitch,
)
from custom_components.flexmeasures.s2_carrier import S2Carrier
from custom_components.flexmeasures.s2_device import S2Device

from ..planning import NOON, QUARTER, id_of, planner_of
from ..s2_devices import ConnectedDevice
from ..s2_home import MINUTE, SECOND, S2Home
from ..s2_words import idle_storage
from .telling import CHARGES, RESTS, follow, is_told_nothing, released, told


async def test_a_followed_schedule_becomes_an_instruction_at_each_step(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    assert home.controller.status is ControlStatus.FOLLOWING
    assert home.state("number.solar_panels_power_setpoint").state == "2500.0"

    await home.until(QUARTER + SECOND)
    assert await told(device) == RESTS
    assert home.state("number.solar_panels_power_setpoint").state == "0.0"

    await home.until(2 * QUARTER + SECOND)
    assert await told(device) == CHARGES


async def test_letting_go_returns_the_device_to_itself(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)

    await home.act("turn_off", "switch.solar_panels_follow_schedule")

    await released(device)
    assert home.s2_device.observation.is_described
    await is_told_nothing(device)
    assert home.state("number.solar_panels_power_setpoint").state == "unknown"


async def test_a_device_that_was_told_nothing_is_not_disturbed(
    home: S2Home, device: ConnectedDevice
) -> None:
    await home.act("turn_off", "switch.solar_panels_follow_schedule")

    await is_told_nothing(device)
    assert home.controller.status is ControlStatus.IDLE


async def test_the_end_of_the_last_schedule_lets_the_device_go(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    home.entry.runtime_data.planner.async_stop()
    plan = home.current_plan

    await home.until(plan.for_control.valid_until + SECOND - NOON)

    while (await device.hear_until("SelectControlType"))["control_type"] != "NO_SELECTION":
        pass
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE_ENDED


async def test_nothing_is_sent_in_shadow_mode(home: S2Home, device: ConnectedDevice) -> None:
    await home.act("turn_on", "switch.solar_panels_shadow_mode")
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    await home.until(QUARTER + SECOND)

    assert home.state("number.solar_panels_power_setpoint").state == "0.0"
    assert home.controller.status is ControlStatus.SHADOW
    await is_told_nothing(device)
    assert [said["message_type"] for said in device.said].count("FRBC.Instruction") == 0


async def test_going_into_the_shadow_lets_the_device_go_and_leaving_it_goes_on(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)

    await home.act("turn_on", "switch.solar_panels_shadow_mode")
    await released(device)
    await home.until(MINUTE)

    await home.act("turn_off", "switch.solar_panels_shadow_mode")
    assert await told(device) == CHARGES


async def test_a_device_that_comes_back_in_mid_block_is_told_again(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    await device.socket.close()
    await home.until(5 * MINUTE)
    assert home.controller.setpoint.source is SetpointSource.INPUT_LOST
    assert planner_of(home.entry).plan(id_of(home.entry, "Battery"))

    again = await home.connect(*idle_storage())
    await home.until(5 * MINUTE + SECOND)

    assert await told(again) == CHARGES
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE


async def test_a_restart_in_mid_block_keeps_the_plan_and_goes_on_with_it(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    before = home.current_plan
    home.client.trigger_and_get_schedule.side_effect = AssertionError("the kept plan is followed")
    home.clock.move_to(NOON + 5 * MINUTE)
    await home.reload(device)

    asked = [said for said in device.said if said["message_type"] == "SelectControlType"]
    assert asked[-1]["control_type"] == "NO_SELECTION"
    kept = home.current_plan
    assert kept.schedule == before.schedule
    assert kept.actuators == before.actuators
    assert list(kept.actuators) == ["inverter"]
    again = await home.connect(*idle_storage())
    await home.until(5 * MINUTE + SECOND)

    assert await told(again) == CHARGES
    assert home.controller.following


async def test_what_a_device_stores_is_remembered_while_it_is_away(
    home: S2Home, device: ConnectedDevice
) -> None:
    await home.reload(device)

    for entity_id in (
        "number.solar_panels_target_state_of_charge",
        "number.solar_panels_keep_at_least",
        "time.solar_panels_ready_by",
        "binary_sensor.solar_panels_target_reachable",
        "sensor.solar_panels_expected_state_of_charge",
    ):
        assert home.state(entity_id).state != "unavailable", entity_id
    assert home.state("select.solar_panels_mode").state == "unavailable"


async def test_a_device_that_cannot_be_told_takes_no_command(
    home: S2Home, device: ConnectedDevice
) -> None:
    planner = planner_of(home.entry)
    carrier = S2Carrier(home.s2_device, planner)
    assert await carrier.async_send(TurnSwitch(on=True)) is Outcome.REFUSED
    assert carrier.problem is None

    away = S2Carrier(S2Device(home.s2_device._hass, home.s2_device.settings), planner)
    assert await away.async_send(FollowSchedule()) is Outcome.FAILED
    assert away.modes == ("schedule",)
