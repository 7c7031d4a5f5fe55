"""A home with all kinds of devices, and a server that knows their types."""

from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.client import AssetType

from ..flow_samples import asset, entry, fake_client, sensor, setup_entry
from .forms import NEW_ENERGY, NEW_POWER, TYPES

__all__ = ["entry", "setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return a client of a server that knows all types of assets."""
    client = fake_client()
    client.get_asset_types.return_value = tuple(
        AssetType(id=number, name=name) for number, name in enumerate(TYPES, 1)
    )
    client.add_asset.return_value = asset(99, "New device")
    client.add_sensor.side_effect = [
        sensor(NEW_POWER, "power", "kW", 99),
        sensor(NEW_ENERGY, "predicted energy", "kWh", 99),
    ]
    return client


@pytest.fixture(autouse=True)
def home(hass: HomeAssistant) -> None:
    """Have a home with all kinds of devices."""
    states: dict[str, tuple[str, str | None]] = {
        "sensor.battery_level": ("40", "%"),
        "sensor.buffer_energy": ("6000", "Wh"),
        "sensor.car_level": ("50", "%"),
        "sensor.charger_limit": ("11000", "W"),
        "sensor.tank_temperature": ("35", "°C"),
        "binary_sensor.plugged_in": ("on", None),
        "input_boolean.dishwasher_ready": ("off", None),
        "calendar.trips": ("off", None),
        "number.battery_power": ("0", "W"),
        "number.charger_current": ("16", "A"),
        "number.inverter_share": ("0", "%"),
        "number.flow_temperature": ("35", "°C"),
        "switch.charger": ("on", None),
        "button.start": ("unknown", None),
        "script.carry_out": ("off", None),
    }
    for entity_id, (state, unit) in states.items():
        attributes = {"unit_of_measurement": unit} if unit else {}
        hass.states.async_set(entity_id, state, attributes)
    options = {"options": ["Auto", "Force charge", "Force discharge"]}
    hass.states.async_set("select.battery_mode", "Auto", options)
    limits = {"temperature": 20, "min_temp": 7, "max_temp": 30}
    hass.states.async_set("climate.house", "heat", limits)
