"""What it takes to bring plans to devices: from the planner's word to the number entity, Home Assistant included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import gc
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from types import MappingProxyType
from typing import cast

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall, callback
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.flexmeasures.const import DOMAIN, SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.flexible_device import FlexibleDevice
from custom_components.flexmeasures.listeners import Listeners
from custom_components.flexmeasures.plan_models import DevicePlan, PlanCause
from custom_components.flexmeasures.planner import Planner
from custom_components.flexmeasures.scheduling import Schedule
from custom_components.flexmeasures.site_controllers import async_release_all, make_controllers
from custom_components.flexmeasures.site_store import SiteStore
from custom_components.flexmeasures.wishes import SiteWishes

from .figures import Figure

# The steps of a plan are this short so that its boundaries come by themselves, as Home Assistant's own timers fire.
_RESOLUTION = timedelta(milliseconds=500)
_STEPS = 96
_DEVICES = 100
_BOUNDARIES = 20
_PLANS = 50
_NUMBER = {"unit_of_measurement": "W", "min": -5000, "max": 5000, "step": 1}
# More than a person notices, and less than the event loop may be kept from other work.
_DELAY_BOUND = 100  # ms
_PROCESSOR_BOUND = 50  # ms


@dataclass
class _Planner:
    """Holds plans as they come."""

    listeners: Listeners = field(default_factory=Listeners)
    plans: dict[str, DevicePlan] = field(default_factory=dict)

    def plan(self, device_id: str) -> DevicePlan | None:
        """Return the device's plan."""
        return self.plans.get(device_id)

    def async_request(self, cause: PlanCause) -> None:
        """Nobody plans here."""


@dataclass
class _Site:
    """Devices with number entities that take at once what they are told; ``taken`` counts."""

    hass: HomeAssistant
    planner: _Planner
    taken: int = 0

    @callback
    def take(self, call: ServiceCall) -> None:
        """Show the value."""
        self.taken += 1
        entity_id, value = call.data["entity_id"], call.data["value"]
        self.hass.states.async_set(entity_id, str(value), _NUMBER, context=call.context)

    async def settle(self) -> None:
        """Let every write end."""
        await self.hass.async_block_till_done(wait_background_tasks=True)


async def measure_carrying_out() -> list[Figure]:
    """Bring plans to one device as they come, and to all devices of a large site at a boundary."""
    return [await _measure_delay(), await _measure_boundary()]


async def _measure_delay() -> Figure:
    delays = []
    async with _site(1) as site:
        for number in range(_PLANS):
            site.planner.plans["0"] = _plan(datetime.now(UTC), number)
            before = site.taken
            began = time.perf_counter()
            site.planner.listeners.async_call()
            await site.settle()
            delays.append(time.perf_counter() - began)
            if site.taken != before + 1:
                raise RuntimeError("the device has not been told its power")
    return Figure(
        name="a new plan: until its device is written to and read back",
        value=max(delays) * 1000,
        unit="ms",
        bound=_DELAY_BOUND,
    )


async def _measure_boundary() -> Figure:
    async with _site(_DEVICES) as site:
        begin = datetime.now(UTC)
        for index in range(_DEVICES):
            site.planner.plans[str(index)] = _plan(begin, index)
        site.planner.listeners.async_call()
        await site.settle()
        gc.collect()
        costs = [
            await _boundary(site, begin + boundary * _RESOLUTION)
            for boundary in range(1, _BOUNDARIES + 1)
        ]
    return Figure(
        name=f"setpoints of {_DEVICES} devices at one boundary, written and read back: processor time",
        value=max(costs) * 1000,
        unit="ms",
        bound=_PROCESSOR_BOUND,
    )


async def _boundary(site: _Site, boundary: datetime) -> float:
    """Return seconds of processor time around a boundary."""
    before = site.taken
    began = time.process_time()
    await asyncio.sleep((boundary + _RESOLUTION / 2 - datetime.now(UTC)).total_seconds())
    await site.settle()
    cost = time.process_time() - began
    if site.taken != before + _DEVICES:
        raise RuntimeError(f"{site.taken - before} of {_DEVICES} devices were told their power")
    return cost


def _plan(start: datetime, variant: int) -> DevicePlan:
    """Return a plan with another power in every step."""
    powers = tuple(float(((step * 37 + variant * 11) % 45 + 1) * 100) for step in range(_STEPS))
    return DevicePlan(
        schedule=Schedule(
            start=start,
            resolution=_RESOLUTION,
            powers=powers,
            computed_at=start,
            schedule_id="job",
        )
    )


@asynccontextmanager
async def _site(devices: int) -> AsyncIterator[_Site]:
    """Run a Home Assistant with devices that follow their plans."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        hass = await stack.enter_async_context(async_test_home_assistant(config_dir=str(folder)))
        stack.push_async_callback(hass.async_stop, force=True)
        site = _Site(hass, _Planner())
        hass.services.async_register("number", "set_value", site.take)
        entry = MockConfigEntry(domain=DOMAIN, title="Home")
        entry.add_to_hass(hass)
        store = SiteStore(hass, entry.entry_id)
        described = tuple(map(_device, range(devices)))
        for device in described:
            hass.states.async_set(device.setpoint_entity or "", "1", _NUMBER)
        wishes = SiteWishes(store, tuple(device.subentry_id for device in described))
        planner = cast("Planner", site.planner)
        controllers = make_controllers(hass, entry, planner, described, store, wishes)
        for controller in controllers.values():
            controller.async_start()
            controller.async_follow(True)
        yield site
        await async_release_all(controllers.values())


def _device(index: int) -> FlexibleDevice:
    subentry = ConfigSubentry(
        data=MappingProxyType(
            {
                "kind": "battery",
                "power_sensor": index,
                "capacity": 10.0,
                "charging_power": 5.0,
                "discharging_power": 5.0,
                "setpoint_entity": f"number.power_{index}",
                # Plans follow each other at once here.
                "minimum_dwell": 0.000001,
            }
        ),
        subentry_id=str(index),
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title=f"Battery {index}",
        unique_id=None,
    )
    return FlexibleDevice.from_subentry(subentry)
