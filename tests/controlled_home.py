"""A home with one flexible device that is controlled: what it shows at every moment, and how time passes in it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, cast
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import (
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import ScheduleResult, SensorSchedule, SignConvention
from custom_components.flexmeasures.control import Notice, NoticeKind
from custom_components.flexmeasures.controller import Controller
from custom_components.flexmeasures.engine_runner import EngineRunner

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry
from .test_init import set_up

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LEVEL = "sensor.home_battery_level"
# Everything that control waits for, such as settling and repeating, takes multiples of this.
_TICK = 10 * SECOND
# The first plan is asked for two seconds after the start.
FIRST_PLAN = 5 * SECOND


def device_subentry(**changes: object) -> ConfigSubentryData:
    """Return the battery with other settings; what is None is left out."""
    data = {**BATTERY_SUBENTRY["data"], **changes}
    kept = {key: value for key, value in data.items() if value is not None}
    return {**BATTERY_SUBENTRY, "data": MappingProxyType(kept)}


def plan_by_time(power_at: Callable[[datetime], float | None]) -> Any:
    """Return what triggering does: quarter-hours with the power (W) of their beginning."""

    async def trigger_and_get(
        asset_id: int, *, sensor_ids: list[int], start: datetime, duration: timedelta, **_: object
    ) -> ScheduleResult:
        times = [start + step * site.QUARTER for step in range(duration // site.QUARTER)]
        return ScheduleResult(
            job=site.finished("job"),
            schedules=tuple(
                SensorSchedule(
                    sensor_id=sensor_id,
                    schedule_id="job",
                    start=start,
                    resolution=site.QUARTER,
                    unit="W",
                    sign=SignConvention.CONSUMPTION_POSITIVE,
                    values=tuple(map(power_at, times)),
                    scheduler="StorageScheduler",
                    commitment_costs={},
                )
                for sensor_id in sensor_ids
            ),
        )

    return trigger_and_get


def by_quarter(*powers: float | None) -> Any:
    """Return what triggering does: one power (W) per quarter-hour since noon, in turn."""
    return plan_by_time(lambda time: powers[(time - NOON) // site.QUARTER % len(powers)])


@dataclass(kw_only=True)
class ControlledHome:
    """One flexible device in a real Home Assistant.

    Attributes:
        entry: of the site, set up.
        shown: minutes after noon and state, of every change of what takes the setpoint.
        notices: what control told people.
    """

    hass: HomeAssistant
    clock: FrozenDateTimeFactory
    client: AsyncMock
    entity_id: str = "number.inverter_power"
    entry: MockConfigEntry = field(init=False)
    shown: list[tuple[float, str]] = field(default_factory=list)
    notices: list[NoticeKind] = field(default_factory=list)

    async def start(
        self, changes: Mapping[str, object] | None = None, *others: ConfigSubentryData
    ) -> None:
        """Set the site up with the device and other subentries, and wait for its first plan."""
        self.watch()
        self.entry = make_entry(device_subentry(**(changes or {})), *others)
        self.entry.add_to_hass(self.hass)
        self.hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"})
        await set_up(self.hass, self.entry)
        await self.wait(FIRST_PLAN)
        self.controller.async_listen_notices(self._noticed)

    async def carry_out(
        self, changes: Mapping[str, object] | None = None, *, until: float = 0
    ) -> None:
        """Set the site up, let its first plan be carried out, and let time pass until so many minutes after noon."""
        await self.start(changes)
        await self.follow()
        if until:
            await self.until(until)

    def _noticed(self, notice: Notice) -> None:
        self.notices.append(notice.kind)

    @callback
    def watch(self) -> None:
        """Note everything that the entity shows from now on."""

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            if state := event.data["new_state"]:
                minutes = (state.last_updated - NOON) / MINUTE
                shown = str(state.attributes.get("temperature", state.state))
                if not self.shown or self.shown[-1][1] != shown:
                    self.shown.append((round(minutes, 1), shown))

        async_track_state_change_event(self.hass, self.entity_id, changed)

    @property
    def controller(self) -> Controller:
        """Return the device's controller; another one after a reload."""
        return cast("Controller", next(iter(self.entry.runtime_data.controllers.values())))

    async def follow(self, following: bool = True) -> None:
        """Let the plan be carried out, or stop that."""
        self.controller.async_follow(following)
        await self.settle()

    async def settle(self) -> None:
        """Let everything that is under way end."""
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def tick(self, seconds: float) -> None:
        """Let time pass while something hangs, so that nothing can be waited for."""
        self.clock.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass)
        for _ in range(20):
            await asyncio.sleep(0)

    async def wait(self, duration: timedelta) -> None:
        """Let time pass, in steps in which everything that is due happens."""
        end = self.clock() + duration
        while self.clock() < end:
            due = _TICK - (self.clock().replace(tzinfo=UTC) - NOON) % _TICK
            self.clock.tick(min(due, end - self.clock()))
            async_fire_time_changed(self.hass)
            await self.settle()

    async def until(self, minutes: float) -> None:
        """Let time pass until so many minutes after noon."""
        await self.wait(NOON + minutes * MINUTE - self.clock().replace(tzinfo=UTC))

    async def act(
        self, domain: str, action: str, context: Context | None = None, **data: object
    ) -> None:
        """Let somebody else call an action on the entity."""
        await self.hass.services.async_call(
            domain,
            action,
            {"entity_id": self.entity_id, **data},
            blocking=True,
            context=context,
        )
        await self.settle()


async def kill_and_restart(home: ControlledHome) -> None:
    """End everything without giving devices their safe values, as a power cut does, and begin again."""
    with patch.object(EngineRunner, "async_release"):
        await home.hass.config_entries.async_unload(home.entry.entry_id)
    await set_up(home.hass, home.entry)
