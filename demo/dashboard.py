"""The dashboard that the demo opens with: the battery's plan first, then what is behind it."""

from dataclasses import dataclass
from typing import Any

PATH = "demo-home"
TITLE = "Demo home"
ICON = "mdi:home-battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardEntities:
    """Ids of the integration's entities that the dashboard shows."""

    expected_state_of_charge: str
    scheduled_power: str
    power_setpoint: str
    follow_schedule: str
    reschedule: str
    price: str


def dashboard(entities: DashboardEntities) -> dict[str, Any]:
    """Return the dashboard's configuration."""
    sections = [_plan(entities), _control(entities), _battery(), _home(entities)]
    view = {
        "title": "Battery",
        "path": "battery",
        "type": "sections",
        "max_columns": 3,
        "sections": sections,
    }
    return {"title": TITLE, "views": [view]}


def _plan(entities: DashboardEntities) -> dict[str, Any]:
    card = {
        "type": "custom:flexmeasures-plan-card",
        "title": "Battery plan",
        "entity": entities.scheduled_power,
        "price_entity": entities.price,
        "soc_entity": "sensor.simulated_battery_state_of_charge",
        "expected_entity": entities.expected_state_of_charge,
        "grid_options": {"columns": "full"},
    }
    return {"type": "grid", "column_span": 3, "cards": [card]}


def _control(entities: DashboardEntities) -> dict[str, Any]:
    return _section(
        "Plan",
        _tile(entities.follow_schedule, "Follow schedule", feature="toggle"),
        _tile(entities.reschedule, "Reschedule", feature="button"),
        _tile(entities.scheduled_power, "Scheduled power"),
        _tile(entities.power_setpoint, "Power setpoint"),
    )


def _battery() -> dict[str, Any]:
    return _section(
        "Battery",
        _tile("number.simulated_battery_power_setpoint", "Setpoint received"),
        _tile("sensor.simulated_battery_power", "Power"),
        _tile("sensor.simulated_battery_state_of_charge", "State of charge"),
        _tile("sensor.simulated_car_charging_power", "Car"),
    )


def _home(entities: DashboardEntities) -> dict[str, Any]:
    return _section(
        "Home",
        _tile(entities.price, "Electricity price"),
        _tile("sensor.simulated_solar_panels_power", "Solar panels"),
        _tile("sensor.simulated_house_power", "House"),
        _tile("sensor.simulated_grid_power", "Grid"),
    )


def _section(title: str, *tiles: dict[str, Any]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *tiles]}


def _tile(entity: str, name: str, *, feature: str | None = None) -> dict[str, Any]:
    tile: dict[str, Any] = {
        "type": "tile",
        "entity": entity,
        "name": name,
        "grid_options": {"columns": "full"},
    }
    if feature is not None:
        tile |= {"features": [{"type": feature}], "features_position": "inline"}
    return tile
