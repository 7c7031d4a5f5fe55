"""What control follows beside the plan: the state of charge, conditions, and the entity that takes the setpoint."""

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.flexmeasures.control import (
    ControlStatus,
    SetpointSource,
)

from ..controlled_home import (
    LEVEL,
    ControlledHome,
)
from ..device_stand_ins import Inverter


async def test_a_renamed_number_is_followed_at_once(
    hass: HomeAssistant, hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    registered = er.async_get(hass).async_get("number.inverter_power")
    assert registered
    await home.carry_out({"setpoint_entity": registered.id})

    er.async_get(hass).async_update_entity(registered.entity_id, new_entity_id="number.renamed")
    await home.settle()
    home.entity_id = "number.renamed"
    home.watch()
    await home.until(16)
    await home.act("number", "set_value", context=Context(user_id=hass_admin_user.id), value=0.3)

    assert inverter.values == [1, -2, 0.3]
    assert home.controller.status is ControlStatus.SUSPENDED


async def test_a_device_whose_state_of_charge_is_lost_is_safe_until_it_is_back(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"safe_power": -0.3}, until=5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(20)
    assert home.controller.setpoint.source is SetpointSource.INPUT_LOST

    hass.states.async_set(LEVEL, "49", {"unit_of_measurement": "%"})
    await home.until(21)

    # A minute after it fell silent: it might have come back by itself.
    assert home.shown == [(0.1, "1.0"), (6, "-0.3"), (20, "-2.0")]


async def test_a_state_of_charge_that_is_silent_for_a_moment_stops_nothing(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"safe_power": -0.3}, until=5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(5.5)
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE

    hass.states.async_set(LEVEL, "51", {"unit_of_measurement": "%"})
    await home.until(9)

    assert home.shown == [(0.1, "1.0")]


async def test_a_state_of_charge_that_is_wrong_is_lost_at_once(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"safe_power": -0.3}, until=5)
    hass.states.async_set(LEVEL, "700", {"unit_of_measurement": "%"})
    await home.until(9)

    assert home.shown == [(0.1, "1.0"), (5, "-0.3")]


async def test_silence_is_not_waited_for_longer_than_the_last_reading_is_believed(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"safe_power": -0.3, "state_of_charge_age": 10}, until=9.5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(12)

    assert home.shown == [(0.1, "1.0"), (10, "-0.3")]


async def test_a_state_of_charge_that_is_no_longer_reported_is_lost(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"state_of_charge_age": 10}, until=8)
    # The same value again is a report, though nothing changed.
    hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"})

    await home.until(30)

    assert home.shown == [(0.1, "1.0"), (15, "-2.0"), (18, "0.0")]
    hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"}, force_update=True)
    await home.settle()
    assert home.shown[-1] == (30, "0.5")


async def test_only_while_the_owner_s_conditions_hold_anything_is_carried_out(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    hass.states.async_set("binary_sensor.battery_allowed", "on")
    await home.carry_out({"conditions": ["binary_sensor.battery_allowed"]}, until=5)
    hass.states.async_set("binary_sensor.battery_allowed", "off")
    await home.until(6)
    home.controller.async_override(700)
    await home.until(7)
    hass.states.async_set("binary_sensor.battery_allowed", "on")
    await home.until(8)

    assert home.shown == [(0.1, "1.0"), (5, "0.0"), (7, "0.7")]


async def test_a_setpoint_entity_that_is_gone_is_told_until_it_is_back(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    issue_id = "entry_of_the_site_setpoint_entity_missing_"
    registered = er.async_get(hass).async_get("number.inverter_power")
    assert registered
    await home.carry_out()
    issues = ir.async_get(hass)
    assert not [key for _, key in issues.issues if key.startswith(issue_id)]

    er.async_get(hass).async_remove("number.inverter_power")
    await home.settle()
    (found,) = [issue for key, issue in issues.issues.items() if key[1].startswith(issue_id)]
    assert found.translation_placeholders == {
        "site": "Home",
        "device": "Battery",
        "entity": "number.inverter_power",
    }
    assert home.controller.problem

    hass.states.async_set(
        "number.inverter_power", "1", {"unit_of_measurement": "kW", "min": -3, "max": 3}
    )
    await home.settle()
    assert not [key for _, key in issues.issues if key.startswith(issue_id)]
    assert home.controller.problem is None


async def test_a_number_that_changes_its_unit_is_told_in_the_new_one(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=5)
    inverter._attr_native_min_value, inverter._attr_native_max_value = -3000, 3000
    inverter.show(1000, "W")
    await home.until(16)

    assert inverter.values == [1, -2000]
    assert home.controller.statistics.writes == 2


async def test_a_number_without_a_usable_unit_is_never_written_to(
    home: ControlledHome, inverter: Inverter
) -> None:
    inverter.show(0, "V")
    await home.carry_out(until=16)

    assert inverter.values == []
    assert home.controller.setpoint.power == -2000
    assert home.controller.problem
    assert home.controller.problem.translation_placeholders == {
        "device": "Battery",
        "entity": "number.inverter_power",
        "unit": "V",
    }
