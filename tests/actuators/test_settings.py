"""Entities that cannot take a setpoint, devices without one, and whose calls are ours."""

from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Context, HomeAssistant
import pytest

from custom_components.flexmeasures.actuators import ServiceCalls
from custom_components.flexmeasures.control import ControlStatus

from ..device_stand_ins import Charger, Relay, StandIn, Thermostat, WorkMode, add_entities
from .devices import BATTERY, BOILER, SOLAR, MakeDevice


async def test_a_device_without_setpoint_entity_shows_its_setpoint_and_writes_nothing(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    device = make_device(BATTERY)

    await device.start(1500)
    device.controller.async_shadow(False)

    assert device.controller.setpoint.power == 1500
    assert device.controller.status is ControlStatus.SHADOW
    assert not device.controller.shadow
    assert device.controller.problem is None
    assert device.controller.statistics.writes == 0


@pytest.mark.parametrize(
    ("domain", "entity", "settings", "reason"),
    [
        ("number", Charger("Thing"), BATTERY, "voltage"),
        ("select", WorkMode("Thing"), BATTERY, "option_charge"),
        ("climate", Thermostat("Thing"), BOILER, "temperature_at_rest"),
        ("switch", Relay("Thing"), SOLAR, "a device starts at no less than where it stops"),
    ],
)
async def test_settings_that_are_missing_are_told_and_nothing_is_written(
    hass: HomeAssistant,
    make_device: MakeDevice,
    domain: str,
    entity: StandIn,
    settings: dict[str, object],
    reason: str,
) -> None:
    await add_entities(hass, domain, [entity])
    device = make_device({**settings, "setpoint_entity": f"{domain}.thing"})

    await device.start(1500)

    assert entity.values == []
    assert device.controller.problem
    assert device.controller.problem.translation_key == "setpoint_entity_settings"
    assert device.controller.problem.translation_placeholders
    assert reason in device.controller.problem.translation_placeholders["reason"]


async def test_an_entity_that_takes_no_power_at_all_is_told(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    hass.states.async_set("sensor.power", "0", {"unit_of_measurement": "W"})
    device = make_device({**BATTERY, "setpoint_entity": "sensor.power"})

    await device.start(1500)

    assert device.controller.problem
    assert device.controller.problem.translation_key == "setpoint_entity_unit"


async def test_calls_of_others_are_remembered_for_a_while_only(hass: HomeAssistant) -> None:
    calls = ServiceCalls(hass)
    stop = calls.async_start()
    contexts = [Context() for _ in range(1001)]
    for context in contexts:
        hass.bus.async_fire(EVENT_CALL_SERVICE, {}, context=context)

    assert contexts[0] not in calls
    assert contexts[1] in calls
    assert contexts[-1] in calls

    stop()
    hass.bus.async_fire(EVENT_CALL_SERVICE, {}, context=(later := Context()))
    assert later not in calls
