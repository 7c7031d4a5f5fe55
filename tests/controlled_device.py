"""One flexible device of any kind with its controller, and a planner that only holds what a test plans."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import cast

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.controller import Controller
from custom_components.flexmeasures.flexible_device import FlexibleDevice
from custom_components.flexmeasures.listeners import Listeners
from custom_components.flexmeasures.plan_models import DevicePlan, PlanCause
from custom_components.flexmeasures.planner import Planner
from custom_components.flexmeasures.scheduling import Schedule
from custom_components.flexmeasures.site_controllers import async_release_all, make_controllers
from custom_components.flexmeasures.site_store import SiteStore
from custom_components.flexmeasures.wishes import SiteWishes, Wishes

from .conftest import make_entry

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DEVICE = "device"


class StandInPlanner:
    """Holds the plan of one device.

    Attributes:
        listeners: called when the plan changed.
        causes: why other plans were asked for.
    """

    def __init__(self) -> None:
        """Begin without plan."""
        self.listeners = Listeners()
        self.causes: list[PlanCause] = []
        self._plan: DevicePlan | None = None

    def plan(self, device_id: str) -> DevicePlan | None:
        """Return the plan."""
        return self._plan

    def async_request(self, cause: PlanCause) -> None:
        """Note why another plan is asked for."""
        self.causes.append(cause)

    def take(self, *powers: float | None, trusted: bool = True) -> None:
        """Plan one power (W) per quarter-hour from noon on."""
        schedule = Schedule(
            start=NOON, resolution=QUARTER, powers=powers, computed_at=NOON, schedule_id="job"
        )
        self._plan = DevicePlan(schedule=schedule, trusted=trusted)
        self.listeners.async_call()

    def withdraw(self) -> None:
        """Have no plan any more."""
        self._plan = None
        self.listeners.async_call()


class ControlledDevice:
    """A device and its controller, without a server.

    Attributes:
        controller: of the device.
        planner: has the plan.
        wishes: what people want of it.
    """

    def __init__(
        self, hass: HomeAssistant, clock: FrozenDateTimeFactory, settings: Mapping[str, object]
    ) -> None:
        """Describe the device with a subentry's data."""
        self._hass = hass
        self._clock = clock
        self.planner = StandInPlanner()
        subentry = ConfigSubentry(
            data=MappingProxyType({"power_sensor": 11, **settings}),
            subentry_id=DEVICE,
            subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
            title="Device",
            unique_id=None,
        )
        self._device = FlexibleDevice.from_subentry(subentry)
        self.entry: MockConfigEntry = make_entry()
        self.entry.add_to_hass(hass)

    async def start(self, *powers: float | None, following: bool = True) -> None:
        """Begin controlling at noon with a plan."""
        store = SiteStore(self._hass, self.entry.entry_id)
        await store.async_load()
        self.store = store
        self.wishes = SiteWishes(store, (DEVICE,))
        planner = cast("Planner", self.planner)
        self._controllers = make_controllers(
            self._hass, self.entry, planner, (self._device,), store, self.wishes
        )
        self.controller: Controller = self._controllers[DEVICE]
        self.controller.async_start()
        self.planner.take(*powers)
        self.controller.async_follow(following)
        await self.settle()

    async def stop(self) -> None:
        """End controlling, as an unload does."""
        await async_release_all(self._controllers.values())
        await self.store.async_save()
        await self.entry._async_process_on_unload(self._hass)

    def wish(self, **wishes: float) -> None:
        """Want something else of the device."""
        self.wishes.async_wish(DEVICE, Wishes(**wishes))  # type: ignore[arg-type]

    async def settle(self) -> None:
        """Let everything that is under way end."""
        await self._hass.async_block_till_done(wait_background_tasks=True)

    async def until(self, minutes: float) -> None:
        """Let time pass until so many minutes after noon, in steps of ten seconds."""
        end = NOON + timedelta(minutes=minutes)
        while (now := self._clock().replace(tzinfo=UTC)) < end:
            self._clock.tick(min(timedelta(seconds=10), end - now))
            async_fire_time_changed(self._hass)
            await self.settle()
