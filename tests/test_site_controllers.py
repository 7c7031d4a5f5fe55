"""The controllers of a site: wired to its planner, kept in its file, released together."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.control import Mode, SetpointSource
from custom_components.flexmeasures.plan_models import PlanCause

from .controlled_device import NOON, ControlledDevice
from .device_stand_ins import Inverter, add_entities

BATTERY = {
    "kind": "battery",
    "capacity": 10.0,
    "charging_power": 5.0,
    "discharging_power": 4.0,
    "setpoint_entity": "number.number",
}


async def test_another_mode_is_a_reason_to_plan_anew_also_when_it_ends_by_itself(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    device = ControlledDevice(hass, freezer, BATTERY)
    await device.start(500)
    assert device.planner.causes == []

    device.controller.async_choose_mode(Mode.PAUSE, until=NOON.replace(minute=5))
    device.controller.async_choose_mode(Mode.PAUSE, until=NOON.replace(minute=5))
    assert device.planner.causes == [PlanCause.MODE]
    await device.until(6)

    assert device.planner.causes == [PlanCause.MODE, PlanCause.MODE]
    await device.stop()


async def test_control_is_kept_with_the_site(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    freezer.move_to(NOON)
    number = Inverter("Number")
    await add_entities(hass, "number", [number])
    device = ControlledDevice(hass, freezer, {**BATTERY, "safe_action": "restore"})
    number.show(-0.6)
    await device.start(500)
    await device.until(1)

    await device.store.async_save()

    (kept,) = hass_storage["flexmeasures.entry_of_the_site"]["data"]["control"].values()
    assert kept["following"] is True
    assert kept["engaged"] is True
    assert kept["captured"] == -0.6
    assert kept["writes"] == [NOON.isoformat()]
    await device.stop()
    assert number.values == [0.5, -0.6]


async def test_a_plan_that_is_not_trusted_or_withdrawn_is_not_carried_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    number = Inverter("Number")
    await add_entities(hass, "number", [number])
    device = ControlledDevice(hass, freezer, BATTERY)
    await device.start(500)
    device.planner.take(700, trusted=False)
    await device.until(1)
    assert device.controller.setpoint.source is SetpointSource.SCHEDULE_UNTRUSTED
    device.planner.take(900)
    await device.until(2)
    device.planner.withdraw()
    await device.until(3)
    assert device.controller.setpoint.source is SetpointSource.NO_SCHEDULE

    assert number.values == [0.5, 0, 0.9, 0]
    await device.stop()
