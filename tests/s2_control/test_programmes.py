"""S2 devices that run a programme: begun by their schedule or a person, and held back."""

from custom_components.flexmeasures.control import SetpointSource

from ..planning import HOUR, NOON, power_of
from ..s2_home import S2Home
from ..s2_words import programme


async def test_a_programme_can_be_begun_and_has_no_power_to_set(home: S2Home) -> None:
    """The cheapest hour within 15:00 to 18:00 is the first."""
    device = await home.connect(
        programme("15:00", "18:00"), control_type="POWER_PROFILE_BASED_CONTROL"
    )
    await home.pass_ten_seconds()
    mode = home.state("select.solar_panels_mode")
    assert mode.attributes["options"] == ["schedule", "charge_now", "pause"]
    assert home.state("number.solar_panels_power_setpoint").state == "unavailable"
    assert home.hass.states.get("number.solar_panels_keep_at_least") is None

    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    heard = await device.hear_until("PPBC.ScheduleInstruction")
    assert heard["execution_time"] == "2026-11-22T15:00:00Z"
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE
    assert home.controller.setpoint.power == 0.0
    assert power_of(home.entry, NOON + 3 * HOUR) == 2000.0

    await home.act("select_option", "select.solar_panels_mode", option="charge_now")
    assert home.controller.setpoint.source is SetpointSource.CHARGE_NOW
    assert home.controller.setpoint.power == 2000.0


async def test_a_programme_that_is_paused_does_not_begin(home: S2Home) -> None:
    device = await home.connect(
        programme("15:00", "18:00"), control_type="POWER_PROFILE_BASED_CONTROL"
    )
    await home.pass_ten_seconds()
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    placed = await device.hear_until("PPBC.ScheduleInstruction")

    await home.act("select_option", "select.solar_panels_mode", option="pause")
    heard = await device.hear_until("RevokeObject")
    assert (heard["object_type"], heard["object_id"]) == ("PPBC.ScheduleInstruction", placed["id"])
    assert home.state("sensor.solar_panels_last_instruction").state == "revoked"

    await home.act("select_option", "select.solar_panels_mode", option="schedule")
    again = await device.hear_until("PPBC.ScheduleInstruction")
    assert again["execution_time"] == placed["execution_time"]
    assert again["id"] != placed["id"]
