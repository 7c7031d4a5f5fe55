"""The battery's entities, and what is written to its inverter."""

from homeassistant.core import Event

SWITCH = "switch.battery_follow_schedule"
SETPOINT = "number.battery_power_setpoint"
PLANNED = "sensor.battery_scheduled_power"
BUTTON = "button.battery_reschedule"


def values(written: list[Event]) -> list[float]:
    """Return the numbers that were written, in order."""
    calls = [event.data["service_data"] for event in written]
    return [call["value"] for call in calls if call.get("entity_id") == "number.inverter_power"]
