"""Homes to plan: flexible devices of every kind on the small site, and time that passes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import Asset
from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.planner import Planner

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry
from .test_init import set_up

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = site.QUARTER
HOUR = timedelta(hours=1)
CAR_POWER, WASHER_POWER, BOILER_POWER, SOLAR_FORECAST = 21, 22, 23, 24
LEVEL = "sensor.home_battery_level"
CAR_LEVEL = "sensor.car_level"
PLUG = "binary_sensor.car_plugged_in"

DEVICE_SENSORS = (
    site.make_sensor(CAR_POWER, "power", "kW", 5),
    site.make_sensor(WASHER_POWER, "power", "kW", 6),
    site.make_sensor(BOILER_POWER, "power", "kW", 7),
    site.make_sensor(SOLAR_FORECAST, "forecast", "kW", 4),
)
DEVICE_ASSETS = (
    Asset(id=5, name="Car", type_name="one-way_evse", account_id=3, parent_id=1),
    Asset(id=6, name="Washer", type_name="process", account_id=3, parent_id=1),
    Asset(id=7, name="Boiler", type_name="heat-storage", account_id=3, parent_id=1),
)


@pytest.fixture(autouse=True)
def just_past_noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into a quarter-hour."""
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def home(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return a home with a battery at 35 % and an idle plan."""
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    percent(hass, LEVEL, 35)
    return await plan_home(hass, client, freezer, battery())


def device(title: str, kind: str, **settings: object) -> ConfigSubentryData:
    """Return a flexible device with settings as they are stored."""
    return ConfigSubentryData(
        data=MappingProxyType({"kind": kind, **settings}),
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title=title,
        unique_id=f"power_sensor_{settings['power_sensor']}",
    )


def battery(**changes: object) -> ConfigSubentryData:
    """Return the battery of 10 kWh, between 10 and 90 %, 5 kW in and 4 kW out; what is None is not stored."""
    data = {**BATTERY_SUBENTRY["data"], **changes}
    stored = {key: value for key, value in data.items() if value is not None}
    return {**BATTERY_SUBENTRY, "data": MappingProxyType(stored)}


def car(**changes: object) -> ConfigSubentryData:
    """Return a car of 50 kWh that charges at 10 kW without loss."""
    settings = {
        "power_sensor": CAR_POWER,
        "state_of_charge_entity": CAR_LEVEL,
        "plugged_in_entity": PLUG,
        "capacity": 50.0,
        "charging_power": 10.0,
        **changes,
    }
    return device("Car", "ev_charger", **settings)


def washer(**changes: object) -> ConfigSubentryData:
    """Return a washer that takes 2 kW for half an hour, then 1 kW for a quarter-hour."""
    settings = {
        "power_sensor": WASHER_POWER,
        "profile": [2.0, 2.0, 1.0],
        "profile_part": 15,
        **changes,
    }
    return device("Washer", "process", **settings)


def solar() -> ConfigSubentryData:
    """Return panels of 6 kW."""
    return device(
        "Solar",
        "solar",
        power_sensor=site.SOLAR_POWER,
        forecast_sensor=SOLAR_FORECAST,
        peak_power=6.0,
    )


def percent(hass: HomeAssistant, entity_id: str, level: float) -> None:
    """Let an entity tell a state of charge."""
    hass.states.async_set(entity_id, str(level), {"unit_of_measurement": "%"})


async def plan_home(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    *subentries: ConfigSubentryData,
    **options: object,
) -> MockConfigEntry:
    """Set up the site with these devices and let the first plan be made."""
    client.get_assets.return_value = (*client.get_assets.return_value, *DEVICE_ASSETS)
    client.get_sensors.return_value = (*client.get_sensors.return_value, *DEVICE_SENSORS)
    entry = make_entry(*subentries)
    entry.add_to_hass(hass)
    if options:
        hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await pass_time(hass, freezer, seconds=5)
    return entry


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **length: float) -> None:
    """Let time pass, and everything that is due happen."""
    freezer.tick(timedelta(**length))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def planner_of(entry: MockConfigEntry) -> Planner:
    """Return the entry's planner."""
    planner: Planner = entry.runtime_data.planner
    return planner


def id_of(entry: MockConfigEntry, title: str) -> str:
    """Return the id of the device with the title."""
    return next(each.subentry_id for each in entry.subentries.values() if each.title == title)


def asked(client: AsyncMock) -> dict[str, Any]:
    """Return what the server was asked for last."""
    return dict(client.trigger_and_get_schedule.call_args.kwargs)


def triggers(client: AsyncMock) -> int:
    """Return how often the server was asked for schedules."""
    count: int = client.trigger_and_get_schedule.call_count
    return count


def status_of(entry: MockConfigEntry, title: str = "Battery") -> PlanStatus:
    """Return how it stands with a device's plan."""
    return planner_of(entry).status(id_of(entry, title)).status


def reason_of(entry: MockConfigEntry, title: str = "Battery") -> str:
    """Return why it stands so."""
    return entry.runtime_data.progress[id_of(entry, title)].reason or ""


def power_of(entry: MockConfigEntry, moment: datetime, title: str = "Battery") -> float | None:
    """Return the W that are planned for a moment; None without a plan in force."""
    plan = planner_of(entry).plan(id_of(entry, title))
    return plan.schedule.power_at(moment) if plan else None


def now(freezer: FrozenDateTimeFactory) -> datetime:
    """Return the time of the test."""
    moment: datetime = freezer.time_to_freeze.replace(tzinfo=UTC)
    return moment


async def press(entry: MockConfigEntry) -> None:
    """Ask for a plan as a person does."""
    await planner_of(entry).async_reschedule()


def prices_until(known: list[datetime]) -> Any:
    """Return what reading prices does that are known until a moment."""

    async def read(sensor_id: int, *, start: datetime, **asked_for: Any) -> Any:
        data = await site._hour_of_the_day(sensor_id, start=start, **asked_for)
        values = tuple(
            value if start + index * data.resolution < known[0] else None
            for index, value in enumerate(data.values)
        )
        return replace(data, values=values)

    return read
