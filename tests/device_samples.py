"""One flexible device of each kind, and a plan whose numbers can be worked out by hand."""

from datetime import datetime, timedelta
from types import MappingProxyType
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigSubentryData, ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import Asset
from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE, SUBENTRY_S2_DEVICE
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import DevicePlan
from custom_components.flexmeasures.scheduling import (
    Battery,
    PriceSeries,
    Schedule,
    StorageState,
    Tariff,
    expected_energies,
)

from . import site
from .conftest import make_entry
from .shown_plans import NOON

HOUR = timedelta(hours=1)
SITE = 1
FORECAST = 60

# By kind: what is set, beside the power sensor.
_SETTINGS: dict[DeviceKind, dict[str, object]] = {
    DeviceKind.BATTERY: {
        "state_of_charge_entity": "sensor.home_battery_level",
        "capacity": 10.0,
        "charging_power": 5.0,
        "discharging_power": 4.0,
        "setpoint_entity": "number.inverter_power",
    },
    DeviceKind.EV_CHARGER: {
        "state_of_charge_entity": "sensor.car_level",
        "capacity": 60.0,
        "charging_power": 11.0,
        "setpoint_entity": "number.charger_power",
    },
    DeviceKind.HEAT_BUFFER: {
        "state_of_charge_entity": "sensor.tank_level",
        "capacity": 8.0,
        "charging_power": 2.0,
        "coefficient_of_performance": 3.0,
    },
    DeviceKind.SOLAR: {
        "forecast_sensor": FORECAST,
        "peak_power": 6.0,
        "setpoint_entity": "number.solar_limit",
    },
    DeviceKind.PROCESS: {"profile": [2.0, 0.5], "profile_part": 30},
    DeviceKind.GENERIC: {"flex_model": {"consumption-capacity": "2 kW"}, "charging_power": 2.0},
    # Of an S2 device only the device itself knows more.
    DeviceKind.S2: {
        "secret": "the device's own",
        "asset": 20 + list(DeviceKind).index(DeviceKind.S2),
    },
}
POWER_SENSORS = {kind: 50 + number for number, kind in enumerate(DeviceKind)}
_ASSETS = tuple(
    Asset(
        id=20 + number,
        name=kind.replace("_", " ").capitalize(),
        type_name="device",
        account_id=3,
        parent_id=SITE,
    )
    for number, kind in enumerate(DeviceKind)
)


def device_subentry(kind: DeviceKind) -> ConfigSubentryDataWithId:
    """Return a flexible device of the kind; its id is `the_` with the kind, so that snapshots stay."""
    settings = {"kind": kind, "power_sensor": POWER_SENSORS[kind], **_SETTINGS[kind]}
    return {
        "data": MappingProxyType(settings),
        "subentry_id": device_id(kind),
        "subentry_type": (
            SUBENTRY_S2_DEVICE if kind is DeviceKind.S2 else SUBENTRY_FLEXIBLE_DEVICE
        ),
        "title": kind.replace("_", " ").capitalize(),
        "unique_id": f"power_sensor_{POWER_SENSORS[kind]}",
    }


def device_id(kind: DeviceKind) -> str:
    """Return the id of the sample of a kind."""
    return f"the_{kind}"


def home_of(
    hass: HomeAssistant,
    client: AsyncMock,
    *kinds: DeviceKind,
    more: tuple[ConfigSubentryData, ...] = (),
) -> MockConfigEntry:
    """Return an entry with a device of each kind, each on an asset of its own, and more; not yet set up."""
    client.get_assets.return_value = (site.ASSETS[0], *_ASSETS)
    client.get_sensors.return_value = (
        *(
            site.make_sensor(sensor_id, "power", "kW", 20 + number)
            for number, sensor_id in enumerate(POWER_SENSORS.values())
        ),
        site.make_sensor(
            FORECAST, "power forecast", "kW", 20 + list(DeviceKind).index(DeviceKind.SOLAR)
        ),
        *(sensor for sensor in site.SENSORS if sensor.id == site.PRICES),
    )
    for entity_id in ("sensor.home_battery_level", "sensor.car_level", "sensor.tank_level"):
        hass.states.async_set(entity_id, "35", {"unit_of_measurement": "%"})
    for entity_id in ("number.inverter_power", "number.charger_power", "number.solar_limit"):
        hass.states.async_set(
            entity_id, "0", {"unit_of_measurement": "kW", "min": -11, "max": 11, "step": 0.1}
        )
    entry = make_entry(*map(device_subentry, kinds), *more)
    entry.add_to_hass(hass)
    return entry


# Lossless, 3.5 kWh at noon: 4.5 kWh at 13:00 and 14:00, 2.5 kWh at 15:00.
POWERS = (1000.0,) * 4 + (0.0,) * 4 + (-2000.0,) * 4
_BATTERY = Battery(
    power_sensor=POWER_SENSORS[DeviceKind.BATTERY],
    capacity=10.0,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=5000.0,
    discharging_power=4000.0,
    roundtrip_efficiency=1.0,
)
# 1 kWh is bought for 0.10 and 2 kWh are sold for 0.40: it earns 0.70.
TARIFF = Tariff(
    PriceSeries(start=NOON, resolution=HOUR, prices=(0.10, 0.30, 0.50), currency="EUR"),
    PriceSeries(start=NOON, resolution=HOUR, prices=(0.05, 0.20, 0.40), currency="EUR"),
)


def sample_plan(
    powers: tuple[float | None, ...] = POWERS,
    *,
    start: datetime = NOON,
    tariff: Tariff | None = TARIFF,
    stores: bool = True,
    job: str = "job",
    state: StorageState | None = None,
    **more: object,
) -> DevicePlan:
    """Return a plan of quarter-hours for a battery with 3.5 of 10 kWh."""
    storage = _BATTERY.storage if stores else None
    schedule = Schedule(
        start=start, resolution=site.QUARTER, powers=powers, computed_at=start, schedule_id=job
    )
    energies = expected_energies(storage, 3.5, powers, site.QUARTER) if storage else ()
    return DevicePlan(
        schedule=schedule,
        tariff=tariff,
        storage=storage,
        state=state or (StorageState(stored_energy=3.5) if stores else None),
        energies=energies,
        **more,  # type: ignore[arg-type]
    )
