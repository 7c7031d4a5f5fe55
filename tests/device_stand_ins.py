"""Entities of devices as other integrations make them: they obey, clamp, ignore, fail or hang as a test wants."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, override

from homeassistant.components.button import ButtonEntity
from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.climate import ClimateEntity, ClimateEntityFeature, HVACMode
from homeassistant.components.number import NumberEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import UnitOfPower, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockModule,
    mock_integration,
    setup_test_component_platform,
)


class StandIn(Entity):
    """An entity that notes what it is told.

    Attributes:
        told: when, and what.
        error: raised instead of obeying.
        hangs: does not answer until it goes on.
        ignores: answers, and does nothing.
    """

    _attr_should_poll = False

    def __init__(self, name: str) -> None:
        """Give it a name; its entity id follows."""
        self._attr_name = name
        self._attr_unique_id = name
        self.told: list[tuple[datetime, Any]] = []
        self.error: Exception | None = None
        self.hangs = False
        self.ignores = False
        self._go_on = asyncio.Event()

    async def take(self, value: Any) -> bool:
        """Note a value, and tell whether to obey."""
        self.told.append((dt_util.utcnow(), value))
        if self.hangs:
            await self._go_on.wait()
        if self.error:
            raise self.error
        return not self.ignores

    def go_on(self) -> None:
        """Answer, also to what hangs."""
        self.hangs = False
        self._go_on.set()

    def show_availability(self, available: bool) -> None:
        """Go away, or come back."""
        self._attr_available = available
        self.async_write_ha_state()

    @property
    def values(self) -> list[Any]:
        """Return what it was told, without when."""
        return [value for _, value in self.told]


class Inverter(StandIn, NumberEntity):
    """A number for power, -3 to 3 kW in steps of 0.1.

    Attributes:
        most: what it takes at the most, without telling.
    """

    _attr_native_unit_of_measurement: str | None = UnitOfPower.KILO_WATT
    _attr_native_min_value: float = -3
    _attr_native_max_value: float = 3
    _attr_native_step = 0.1
    _attr_native_value: float | None = 0.0
    most = 100.0

    @override
    async def async_set_native_value(self, value: float) -> None:
        if await self.take(value):
            self.show(max(-self.most, min(self.most, value)))

    def show(self, value: float, unit: str | None = None) -> None:
        """Show another value, as after a poll."""
        self._attr_native_value = value
        if unit:
            self._attr_native_unit_of_measurement = unit
        self.async_write_ha_state()


class Charger(Inverter):
    """A number for the current of a charger, which cannot be below 6 A."""

    _attr_native_unit_of_measurement = "A"
    _attr_native_min_value = 6
    _attr_native_max_value = 16
    _attr_native_step = 1
    _attr_native_value = 6.0


class Relay(StandIn, SwitchEntity):
    """A switch."""

    _attr_is_on = False

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._turn(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._turn(False)

    async def _turn(self, on: bool) -> None:
        if await self.take(on):
            self._attr_is_on = on
            self.async_write_ha_state()


class WorkMode(StandIn, SelectEntity):
    """A select for what a battery does."""

    _attr_current_option = "Self use"

    @property
    @override
    def options(self) -> list[str]:
        return ["Self use", "Charge", "Discharge"]

    @override
    async def async_select_option(self, option: str) -> None:
        if await self.take(option):
            self._attr_current_option = option
            self.async_write_ha_state()


class Thermostat(StandIn, ClimateEntity):
    """A climate, 5 to 30 °C in steps of half a degree."""

    _attr_hvac_mode = HVACMode.HEAT
    _attr_max_temp = 30
    _attr_min_temp = 5
    _attr_supported_features = ClimateEntityFeature.TARGET_TEMPERATURE
    _attr_target_temperature = 19.0
    _attr_target_temperature_step = 0.5
    _attr_temperature_unit = UnitOfTemperature.CELSIUS

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        return [HVACMode.HEAT]

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        if await self.take(kwargs["temperature"]):
            self._attr_target_temperature = kwargs["temperature"]
            self.async_write_ha_state()


class StartButton(StandIn, ButtonEntity):
    """A button that starts a process."""

    @override
    async def async_press(self) -> None:
        await self.take("pressed")


class CarCalendar(CalendarEntity):
    """A calendar with one event."""

    _attr_should_poll = False

    def __init__(self, name: str, start: datetime, end: datetime, summary: str) -> None:
        """Hold the event."""
        self._attr_name = name
        self._event = CalendarEvent(start=start, end=end, summary=summary)

    @property
    @override
    def event(self) -> CalendarEvent:
        return self._event

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        return [self._event]

    def rename(self, summary: str) -> None:
        """Call the event something else."""
        self._event = replace(self._event, summary=summary)
        self.async_write_ha_state()


async def add_entities(hass: HomeAssistant, domain: str, entities: Iterable[Entity]) -> None:
    """Add entities to Home Assistant, as an integration with a platform does."""
    mock_integration(hass, MockModule("test"))
    setup_test_component_platform(hass, domain, entities)
    assert await async_setup_component(hass, domain, {domain: {"platform": "test"}})
    await hass.async_block_till_done()
