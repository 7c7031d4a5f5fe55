"""The dashboard that the demo opens with: what each device is going to do and why, what it saves, and what one may wish."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .site import BATTERY, CAR, DISHWASHER, HEAT_PUMP, SOLAR

PATH = "demo-home"
TITLE = "Demo home"
ICON = "mdi:home-battery"

type Card = dict[str, Any]
# Entity ids of one device by the integration's own keys.
type Entities = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntities:
    """Ids of the integration's entities that are about the site."""

    connected: str
    price: str


def dashboard(
    devices: Mapping[str, Entities], s2_devices: Mapping[str, Entities], site: SiteEntities
) -> dict[str, Any]:
    """Return the dashboard's configuration.

    Args:
        devices: the entities of every flexible device, by its name.
        s2_devices: those of every device that speaks S2.
        site: those of the site.
    """
    return {
        "title": TITLE,
        "views": [
            _home(devices, site),
            _plans(devices),
            _control(devices),
            _s2(s2_devices, site),
        ],
    }


def _home(devices: Mapping[str, Entities], site: SiteEntities) -> dict[str, Any]:
    return {
        "title": "Home",
        "path": "home",
        "icon": "mdi:home",
        "type": "sections",
        "max_columns": 3,
        "sections": [
            _battery(devices[BATTERY], site),
            _now(devices, site),
            _car(devices[CAR], site),
            _heat_pump(devices[HEAT_PUMP], site),
            _solar(devices[SOLAR], site),
            _dishwasher(devices[DISHWASHER], site),
            _lately(),
        ],
    }


def _battery(battery: Entities, site: SiteEntities) -> Card:
    level = "sensor.simulated_battery_state_of_charge"
    mode = _mode(battery, columns=12)
    return _device("Battery", battery, site, mode, level=level, status_columns=12, span=2)


def _now(devices: Mapping[str, Entities], site: SiteEntities) -> Card:
    return _section(
        "Now",
        _tile(site.price, "Electricity price"),
        _tile("sensor.simulated_grid_power", "Grid"),
        _tile("sensor.simulated_solar_panels_power", "Sun", columns=6),
        _tile("sensor.simulated_house_power", "House", columns=6),
        _tile(devices[BATTERY]["saving_today"], "Battery today", columns=6),
        _tile(devices[CAR]["saving_today"], "Car today", columns=6),
        _tile(devices[BATTERY]["saving_this_month"], "Battery, month", columns=6),
        _tile(devices[CAR]["saving_this_month"], "Car, month", columns=6),
        _tile(site.connected, "FlexMeasures"),
        _tile(devices[BATTERY]["reschedule"], "Plan again", feature=_BUTTON),
    )


def _car(car: Entities, site: SiteEntities) -> Card:
    return _device(
        "Car",
        car,
        site,
        _tile(car["target"], "Charge to", feature=_SLIDER),
        _rows(car["ready_by"], "Ready by"),
        _mode(car),
        _tile("binary_sensor.simulated_car_plugged_in", "Car", columns=6),
        level="sensor.simulated_car_state_of_charge",
        status_columns=6,
    )


def _heat_pump(heat_pump: Entities, site: SiteEntities) -> Card:
    tank = _tile(
        "water_heater.simulated_heat_pump_tank",
        "Tank",
        columns=6,
        shows=["current_temperature", "temperature"],
    )
    power = _tile("sensor.simulated_heat_pump_power", "Power", columns=6)
    level = heat_pump["expected_state_of_charge"]
    return _device("Heat pump", heat_pump, site, tank, power, _mode(heat_pump), level=level)


def _solar(solar: Entities, site: SiteEntities) -> Card:
    limit = _tile("number.simulated_solar_panels_feed_in_limit", "Feed-in limit", columns=6)
    power = _tile("sensor.simulated_solar_panels_power", "Power", columns=6)
    return _device("Solar panels", solar, site, limit, power, _mode(solar))


def _dishwasher(dishwasher: Entities, site: SiteEntities) -> Card:
    return _device(
        "Dishwasher",
        dishwasher,
        site,
        _tile("binary_sensor.simulated_dishwasher_ready_to_start", "Filled", columns=6),
        _tile("binary_sensor.simulated_dishwasher_running", "Program", columns=6),
        _tile(dishwasher["next_change"], "Starts or ends"),
        _rows(dishwasher["ready_by"], "Ready by"),
        _tile(dishwasher["plan_run"], "Run once", feature=_BUTTON),
    )


def _lately() -> Card:
    """Return what everything did, beside what it was planned to do."""
    powers = (*_SHOWS_POWER.values(), "sensor.simulated_house_power", "sensor.simulated_grid_power")
    graph = {
        "type": "history-graph",
        "hours_to_show": 3,
        "entities": [{"entity": entity} for entity in powers],
        "grid_options": {"columns": "full"},
    }
    return _section("Lately", graph, span=2)


def _plans(devices: Mapping[str, Entities]) -> dict[str, Any]:
    return {
        "title": "Plans",
        "path": "plans",
        "icon": "mdi:calendar-clock",
        "type": "sections",
        "max_columns": 2,
        "sections": [
            _section(name, _calendar(device["schedule"])) for name, device in devices.items()
        ],
    }


def _calendar(schedule: str) -> Card:
    return {
        "type": "calendar",
        "initial_view": "listWeek",
        "entities": [schedule],
        "grid_options": {"columns": "full", "rows": 7},
    }


def _control(devices: Mapping[str, Entities]) -> dict[str, Any]:
    return {
        "title": "Control",
        "path": "control",
        "icon": "mdi:tune",
        "type": "sections",
        "max_columns": 3,
        "sections": [_controlled(name, entities) for name, entities in devices.items()],
    }


def _controlled(name: str, device: Entities) -> Card:
    return _section(
        name,
        _tile(device["follow_schedule"], "Follow schedule", feature=_TOGGLE),
        _tile(device["control_status"], "Control", columns=6),
        _tile(device["problem"], "Problem", columns=6),
        _tile(device["scheduled_power"], "Scheduled", columns=6),
        _tile(device["power_setpoint"], "Setpoint", columns=6),
        _tile(_CARRIES_OUT[name], "Told", columns=6, shows=_SHOWS_TOLD.get(name)),
        _tile(_SHOWS_POWER[name], "Measured", columns=6),
    )


# The part of what takes the setpoint that shows it, where that is not the state.
_SHOWS_TOLD = {HEAT_PUMP: ["temperature"]}


def _s2(devices: Mapping[str, Entities], site: SiteEntities) -> dict[str, Any]:
    return {
        "title": "S2 devices",
        "path": "s2",
        "icon": "mdi:lan-connect",
        "type": "sections",
        "max_columns": 4,
        "sections": [_s2_device(name, entities, site) for name, entities in devices.items()],
    }


def _s2_device(name: str, device: Entities, site: SiteEntities) -> Card:
    shown = {
        "s2_connected": "Connected",
        "control_type": "Control type",
        "measured_power": "Measured",
        "plan_status": "Plan",
        "power_setpoint": "Setpoint",
        "last_instruction": "Instruction",
        "operation_mode": "Running as",
        "measured_state_of_charge": "State of charge",
        "measured_fill_level": "Fill level",
        "demand": "Demand",
    }
    return _section(
        name,
        _plan_card(device, site, name, device.get("measured_state_of_charge")),
        _tile(device["follow_schedule"], "Follow schedule", feature=_TOGGLE),
        _mode(device),
        *(_tile(device[key], title, columns=6) for key, title in shown.items() if key in device),
    )


# What takes each device's setpoint, and what measures its power.
_CARRIES_OUT = {
    BATTERY: "number.simulated_battery_power_setpoint",
    CAR: "number.simulated_car_charging_current",
    HEAT_PUMP: "water_heater.simulated_heat_pump_tank",
    SOLAR: "number.simulated_solar_panels_feed_in_limit",
    DISHWASHER: "button.simulated_dishwasher_start",
}
_SHOWS_POWER = {
    BATTERY: "sensor.simulated_battery_power",
    CAR: "sensor.simulated_car_charging_power",
    HEAT_PUMP: "sensor.simulated_heat_pump_power",
    SOLAR: "sensor.simulated_solar_panels_power",
    DISHWASHER: "sensor.simulated_dishwasher_power",
}

_BUTTON: Card = {"type": "button"}
_SLIDER: Card = {"type": "numeric-input", "style": "slider"}
_TOGGLE: Card = {"type": "toggle"}


def _device(
    title: str,
    device: Entities,
    site: SiteEntities,
    *cards: Card,
    level: str | None = None,
    status_columns: int | str = "full",
    span: int = 1,
) -> Card:
    """Return the section of a device: its plan, what else is shown of it, and what became of the plan."""
    return _section(
        title,
        _plan_card(device, site, title, level),
        *cards,
        _tile(device["plan_status"], "Plan", columns=status_columns),
        span=span,
    )


def _plan_card(device: Entities, site: SiteEntities, title: str, level: str | None = None) -> Card:
    card = {
        "type": "custom:flexmeasures-plan-card",
        "title": title,
        "entity": device["scheduled_power"],
        "price_entity": site.price,
        "grid_options": {"columns": "full"},
    }
    if "expected_state_of_charge" in device:
        card["expected_entity"] = device["expected_state_of_charge"]
    return card | ({"soc_entity": level} if level else {})


def _mode(device: Entities, *, columns: int | str = "full") -> Card:
    return _tile(device["mode"], "Mode", columns=columns, feature={"type": "select-options"})


def _rows(entity: str, name: str) -> Card:
    """Return a card for what a tile cannot change, such as a time of day."""
    return {
        "type": "entities",
        "entities": [{"entity": entity, "name": name}],
        "grid_options": {"columns": "full"},
    }


def _section(title: str, *cards: Card, span: int = 1) -> Card:
    heading = {"type": "heading", "heading": title}
    return {"type": "grid", "column_span": span, "cards": [heading, *cards]}


def _tile(
    entity: str,
    name: str,
    *,
    columns: int | str = "full",
    feature: Card | None = None,
    shows: list[str] | None = None,
) -> Card:
    tile: Card = {
        "type": "tile",
        "entity": entity,
        "name": name,
        "grid_options": {"columns": columns},
    }
    if feature is not None:
        tile |= {"features": [feature], "features_position": "inline"}
        if feature is _BUTTON:
            tile["hide_state"] = True
    if shows is not None:
        tile["state_content"] = shows
    return tile
