"""Automations that send what is known of the future, as a user writes them for price and solar integrations.

Feeds send what was measured; the rows of a forecast or of day-ahead prices lie in attributes, and only an automation can
read those.
"""

from dataclasses import dataclass
from typing import Any

from .site import PRICE_UNIT, Site

PRICE_SENSORS = {
    "electricity_price": "sensor.simulated_energy_contract_electricity_price",
    "feed_in_price": "sensor.simulated_energy_contract_feed_in_price",
}
FORECAST_SENSORS = {
    "house_forecast": "sensor.simulated_house_power_forecast",
    "solar_forecast": "sensor.simulated_solar_panels_power_forecast",
}

type Automation = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one automation sends: the action's data, and the variables that its templates use."""

    name: str
    variables: dict[str, str]
    data: dict[str, Any]


def automations(entry_id: str, connected: str, site: Site) -> list[Automation]:
    """Return all automations of the demo; ``connected`` is the entity that is on while the server is reached."""
    rows = (
        _prices("electricity_price", site.consumption_price),
        _prices("feed_in_price", site.feed_in_price),
        _forecast("house_forecast", site.house_consumption),
        _forecast("solar_forecast", site.solar_production),
    )
    return [_automation(each, entry_id, connected) for each in rows]


def entity_id(automation: Automation) -> str:
    """Return the entity id that Home Assistant gives an automation."""
    return f"automation.{automation['id']}"


def _prices(name: str, sensor: int) -> Rows:
    """Send the hourly prices of today and tomorrow."""
    entity = PRICE_SENSORS[name]
    rows = f"state_attr('{entity}', 'raw_today') + state_attr('{entity}', 'raw_tomorrow')"
    return Rows(
        name=name,
        variables={"rows": f"{{{{ {rows} }}}}"},
        data={
            "sensor": sensor,
            "start": "{{ rows[0].start }}",
            "duration": {"hours": "{{ rows | count }}"},
            "values": "{{ rows | map(attribute='value') | list }}",
            "unit": PRICE_UNIT,
        },
    )


def _forecast(name: str, sensor: int) -> Rows:
    """Send the expected power of the next 48 hours, per quarter of an hour."""
    entity = FORECAST_SENSORS[name]
    return Rows(
        name=name,
        variables={"watts": f"{{{{ state_attr('{entity}', 'watts') }}}}"},
        data={
            "sensor": sensor,
            "start": "{{ watts.keys() | first }}",
            "duration": {"minutes": "{{ 15 * watts | count }}"},
            "values": "{{ watts.values() | list }}",
            "unit": "W",
        },
    )


def _automation(rows: Rows, entry_id: str, connected: str) -> Automation:
    """Send when Home Assistant or the connection is back, and every hour, since new prices come once a day."""
    return {
        "id": f"send_{rows.name}",
        "alias": f"Send {rows.name.replace('_', ' ')}",
        "triggers": [
            {"trigger": "homeassistant", "event": "start"},
            # The connection is back a moment before the rest of the integration is.
            {
                "trigger": "state",
                "entity_id": connected,
                "to": "on",
                "for": {"seconds": 5},
            },
            {"trigger": "time_pattern", "minutes": 1},
        ],
        "conditions": [{"condition": "state", "entity_id": connected, "state": "on"}],
        "actions": [
            {"variables": rows.variables},
            {
                "action": "flexmeasures.post_measurements",
                "data": {"config_entry": entry_id, **rows.data},
            },
        ],
        "mode": "single",
    }
