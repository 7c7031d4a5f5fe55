"""The battery among the S2 devices of the site."""

from pytest_homeassistant_custom_component.common import MockConfigEntry


def battery_id(entry: MockConfigEntry) -> str:
    """Return the id of the battery's subentry."""
    return next(item.subentry_id for item in entry.subentries.values() if item.title == "Battery")
