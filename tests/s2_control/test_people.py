"""What people choose for an S2 device: a power, a mode, an instruction of their own."""

from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.control import ControlStatus

from ..planning import NOON, QUARTER
from ..s2.samples import storage_status
from ..s2_devices import ConnectedDevice
from ..s2_home import MINUTE, SECOND, S2Home
from ..s2_words import idle_storage
from .telling import CHARGES, RESTS, follow, is_told_nothing, released, told


async def test_a_person_s_power_holds_until_the_next_block(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)

    await home.act("set_value", "number.solar_panels_power_setpoint", value=5000)
    assert await told(device) == ("charge", 1.0)
    assert home.state("number.solar_panels_power_setpoint").state == "5000.0"

    await home.until(QUARTER - SECOND)
    await is_told_nothing(device)
    await home.until(QUARTER + SECOND)
    assert await told(device) == RESTS
    assert home.controller.override is None


async def test_a_person_s_power_can_be_taken_back(home: S2Home, device: ConnectedDevice) -> None:
    await follow(home, device)

    answer = await home.call("override_setpoint", power=4, unit="kW")
    assert (answer["power"], answer["source"]) == (4000.0, "override")
    assert await told(device) == ("charge", 0.8)

    await home.call("clear_override")
    assert await told(device) == CHARGES


async def test_modes_go_before_the_schedule(home: S2Home, device: ConnectedDevice) -> None:
    mode = "select.solar_panels_mode"
    await follow(home, device)
    offered = home.state(mode).attributes["options"]
    assert offered == ["schedule", "charge_now", "pause", "manual"]

    await home.act("select_option", mode, option="charge_now")
    assert await told(device) == ("charge", 1.0)
    await home.act("select_option", mode, option="pause")
    assert await told(device) == RESTS
    # What stands is told again every quarter of an hour, and is no more than that when the schedule's block begins.
    await home.until(2 * QUARTER + SECOND)
    assert await told(device) == RESTS

    await home.act("select_option", mode, option="schedule")
    assert await told(device) == CHARGES


@pytest.mark.parametrize("choice", ["mode", "power"])
async def test_what_a_person_chooses_waits_for_no_plan_after_a_start(
    home: S2Home, choice: str
) -> None:
    """The schedule is followed, and the server has none yet."""
    home.client.trigger_and_get_schedule.side_effect = ConnectionFailedError("it is away")
    home.controller.async_follow(True)
    device = await home.connect(*idle_storage())
    await home.until(5 * SECOND)
    await is_told_nothing(device)

    if choice == "mode":
        await home.act("select_option", "select.solar_panels_mode", option="charge_now")
    else:
        await home.act("set_value", "number.solar_panels_power_setpoint", value=5000)
    assert await told(device) == ("charge", 1.0)


async def test_charging_at_once_ends_at_what_is_wanted(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    await home.act("set_value", "number.solar_panels_target_state_of_charge", value=60)
    await home.act("select_option", "select.solar_panels_mode", option="charge_now")
    assert await told(device) == ("charge", 1.0)

    await device.say(storage_status(60))
    await home.until(MINUTE)

    assert home.state("select.solar_panels_mode").state == "schedule"
    assert await told(device) == CHARGES


async def test_a_mode_works_without_following_the_schedule(
    home: S2Home, device: ConnectedDevice
) -> None:
    await home.act("select_option", "select.solar_panels_mode", option="charge_now")
    assert await told(device) == ("charge", 1.0)

    await home.act("select_option", "select.solar_panels_mode", option="schedule")

    await released(device)


async def test_an_instruction_by_hand_is_left_alone_until_the_next_block(
    home: S2Home, device: ConnectedDevice
) -> None:
    await follow(home, device)
    instruction = {
        "message_type": "FRBC.Instruction",
        "actuator_id": "inverter",
        "operation_mode": "charge",
        "operation_mode_factor": 0.25,
        "abnormal_condition": False,
    }
    await home.call("s2_send_instruction", instruction=instruction)
    assert await told(device) == ("charge", 0.25)
    assert home.controller.status is ControlStatus.SUSPENDED
    assert home.controller.suspended_until == NOON + QUARTER
    await is_told_nothing(device)

    await home.until(QUARTER + SECOND)
    assert await told(device) == RESTS


async def test_what_cannot_be_told_is_refused_by_name(
    home: S2Home, device: ConnectedDevice
) -> None:
    async def refusal(action: str, **data: Any) -> str:
        with pytest.raises(ServiceValidationError) as refused:
            await home.call(action, **data)
        return str(refused.value)

    assert "-1000" in await refusal("override_setpoint", power=-1000)
    assert "discharge_now" in await refusal("choose_mode", mode="discharge_now")
