"""The blocks of a flexible device's schedule, as events of a calendar."""

from collections.abc import Iterator
from datetime import datetime
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import PlanEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_models import DevicePlan
from .scheduling import Block, BlockKind, Tariff

PARALLEL_UPDATES = 0

# Below this, W read better than kW.
_KILOWATTS_FROM = 1000
_TEXTS = f"component.{DOMAIN}.entity.calendar.schedule.state_attributes.message.state"
# What a device does is called by what it is; other kinds consume and produce.
_VERBS = {
    (DeviceKind.BATTERY, BlockKind.CHARGE): "charge",
    (DeviceKind.BATTERY, BlockKind.DISCHARGE): "discharge",
    (DeviceKind.EV_CHARGER, BlockKind.CHARGE): "charge",
    (DeviceKind.EV_CHARGER, BlockKind.DISCHARGE): "discharge",
    (DeviceKind.HEAT_BUFFER, BlockKind.CHARGE): "heat",
    (DeviceKind.PROCESS, BlockKind.CHARGE): "run",
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a calendar per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, _calendars_of)


def _calendars_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[CalendarEntity]:
    yield ScheduleCalendar(data, device)


class ScheduleCalendar(PlanEntity, CalendarEntity):
    """On while the plan has the device consume or produce; its event is that block, or the next one."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Show the device's plan."""
        super().__init__(data, device, "schedule")
        self._next: CalendarEvent | None = None

    @property
    @override
    def event(self) -> CalendarEvent | None:
        if self._next and self._next.end <= dt_util.utcnow():
            self._read()
        return self._next

    @override
    def _to_show(self) -> object:
        self._read()
        return self._next, self.state

    def _read(self) -> None:
        now = dt_util.utcnow()
        plan = self._progress.plan
        block = next((each for each in self._active_blocks() if each.end > now), None)
        self._next = self._event(plan, block) if plan and block else None

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        plan = self._progress.plan
        return [
            event
            for block in self._active_blocks()
            if plan and block.start < end_date and start_date < block.end
            if (event := self._event(plan, block))
        ]

    def _active_blocks(self) -> Iterator[Block]:
        for block in self._progress.blocks():
            if block.kind in {BlockKind.CHARGE, BlockKind.DISCHARGE}:
                yield block

    def _event(self, plan: DevicePlan, block: Block) -> CalendarEvent | None:
        """Return a block; None where the clock on the wall would end it before it begins.

        Home Assistant compares the two as the wall shows them and refuses such an event, once a year.
        """
        start, end = dt_util.as_local(block.start), dt_util.as_local(block.end)
        if end.replace(tzinfo=None) <= start.replace(tzinfo=None):
            return None
        return CalendarEvent(start=start, end=end, summary=self._summary(plan, block))

    @callback
    def _summary(self, plan: DevicePlan, block: Block) -> str:
        """Return such as "Charge 3.7 kW, 0.08 EUR/kWh"."""
        verb = _VERBS.get((self._device.kind, block.kind))
        verb = verb or ("consume" if block.kind is BlockKind.CHARGE else "produce")
        texts = async_get_cached_translations(
            self.hass, self.hass.config.language, "entity", DOMAIN
        )
        doing = f"{texts.get(f'{_TEXTS}.{verb}', verb)} {_power(abs(block.power or 0.0))}"
        if plan.tariff is None or (price := _price(plan.tariff, block)) is None:
            return doing
        return f"{doing}, {price:.2f} {plan.tariff.currency}/kWh"


def _price(tariff: Tariff, block: Block) -> float | None:
    """Return the mean price per kWh of what the block does."""
    producing = tariff.production if block.kind is BlockKind.DISCHARGE else None
    return (producing or tariff.consumption).mean(block.start, block.end)


def _power(watts: float) -> str:
    if watts < _KILOWATTS_FROM:
        return f"{watts:.0f} W"
    return f"{watts / 1000:.2f}".rstrip("0").rstrip(".") + " kW"
