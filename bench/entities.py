"""What it costs to show a new plan on all entities of a flexible device."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import gc
from statistics import median
import time
from types import MappingProxyType
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.plan_models import DevicePlan
from custom_components.flexmeasures.planner import Planner
from custom_components.flexmeasures.scheduling import (
    Battery,
    PriceSeries,
    Schedule,
    StorageState,
    Tariff,
    expected_energies,
)

from .figures import Figure
from .home import home
from .server import FIRST_SENSOR, running_server

_DEVICES = 20
_STEPS = 96
_RESOLUTION = timedelta(minutes=15)
_ROUNDS = 15
# A site plans all its devices at once; 20 of them may keep the event loop from other work for 40 ms.
_BOUND = 2  # ms


@dataclass
class _Plans:
    """What the planner tells of every device."""

    plan: DevicePlan | None = None


async def measure_entities() -> list[Figure]:
    """Give batteries another plan of a day again and again, and measure until all their states are written."""
    plans = _Plans()
    devices = [_battery(number) for number in range(_DEVICES)]
    with (
        patch.object(Planner, "plan", lambda *_: plans.plan),
        patch.object(Planner, "async_start", lambda _: None),
    ):
        async with running_server(_DEVICES) as url, home(url, devices) as (hass, entry):
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            costs = [await _show(hass, entry, plans, number) for number in range(_ROUNDS)]
            _check(hass, entry)
    return [
        Figure(
            name=f"a new schedule of {_STEPS} steps on all entities of a device",
            value=median(costs) / _DEVICES * 1000,
            unit="ms",
            bound=_BOUND,
        )
    ]


async def _show(hass: HomeAssistant, entry: MockConfigEntry, plans: _Plans, number: int) -> float:
    """Return seconds of processor time until every device shows another plan."""
    plans.plan = _plan(number)
    gc.collect()
    began = time.process_time()
    entry.runtime_data.planner.listeners.async_call()
    cost = time.process_time() - began
    await hass.async_block_till_done()
    return cost


def _check(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"the entry is not set up: {entry.reason}")
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    planned = [
        state.state
        for entity in registered
        if entity.translation_key == "scheduled_power"
        and (state := hass.states.get(entity.entity_id))
    ]
    if planned != [str(_power(_ROUNDS - 1, _step_now()))] * _DEVICES:
        raise RuntimeError(f"the last plan is not shown: {planned}")


def _battery(number: int) -> ConfigSubentryData:
    settings = {
        "kind": "battery",
        "power_sensor": FIRST_SENSOR + number,
        "state_of_charge_entity": "sensor.battery_level",
        "capacity": 10.0,
        "charging_power": 5.0,
        "discharging_power": 5.0,
    }
    return ConfigSubentryData(
        data=MappingProxyType(settings),
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title=f"Battery {number}",
        unique_id=f"power_sensor_{FIRST_SENSOR + number}",
    )


def _midnight() -> datetime:
    return datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _step_now() -> int:
    return (datetime.now(tz=UTC) - _midnight()) // _RESOLUTION


def _power(number: int, step: int) -> float:
    """Return W that differ from step to step, and from plan to plan."""
    return float((step * 37 + number) % 50 * 100 - 2500)


def _plan(number: int) -> DevicePlan:
    powers = tuple(_power(number, step) for step in range(_STEPS))
    storage = Battery(
        power_sensor=FIRST_SENSOR,
        capacity=10.0,
        minimum_state_of_charge=0.1,
        maximum_state_of_charge=0.9,
        charging_power=5000.0,
        discharging_power=5000.0,
        roundtrip_efficiency=0.9,
    ).storage
    prices = tuple(0.1 + hour % 7 / 20 for hour in range(24))
    return DevicePlan(
        schedule=Schedule(
            start=_midnight(),
            resolution=_RESOLUTION,
            powers=powers,
            computed_at=_midnight(),
            schedule_id=str(number),
        ),
        tariff=Tariff(
            PriceSeries(
                start=_midnight(), resolution=timedelta(hours=1), prices=prices, currency="EUR"
            )
        ),
        storage=storage,
        state=StorageState(stored_energy=5.0),
        energies=expected_energies(storage, 5.0, powers, _RESOLUTION),
    )
