"""The FlexMeasures sensors that a new feed may fill: those that are free, and those that are created for it."""

from dataclasses import replace

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_NAME

from .client import JsonObject, Sensor
from .const import (
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_SENSOR,
    DIRECTION_CONSUMPTION,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
)
from .data import FlexMeasuresConfigEntry
from .feed_proposals import names_of_sensors
from .forms import FormError, errors_for_forms


def free_sensors(
    entry: FlexMeasuresConfigEntry, changed: ConfigSubentry | None = None
) -> dict[int, Sensor]:
    """Return the site's sensors that a feed may fill; that of the feed that is changed is among them.

    Not those of another feed, nor those on which a device's plan or what the server predicts is stored: readings and plan
    would hide each other.
    """
    taken = {
        subentry.data[CONF_SENSOR]
        for subentry in entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
        if changed is None or subentry.subentry_id != changed.subentry_id
    } | {
        subentry.data.get(field)
        for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE)
        for field in (CONF_POWER_SENSOR, CONF_PREDICTED_ENERGY_SENSOR)
    }
    inventory = entry.runtime_data.inventory.data
    return {
        sensor.id: sensor
        for sensor in inventory.sensors.values()
        if sensor.asset_id in inventory.assets and sensor.id not in taken
    }


class NewSensors:
    """Creates sensors on the server, and none twice when a form is sent once more after a failure."""

    def __init__(self) -> None:
        """Begin without any."""
        self._created: list[tuple[Sensor, Sensor]] = []

    async def async_create(
        self, entry: FlexMeasuresConfigEntry, wanted: Sensor, direction: str | None
    ) -> Sensor:
        """Create a sensor that stores in the entity's own sign, unless an earlier try did.

        Raises:
            FormError: the asset has a sensor of this name, or the server did not do it.
        """
        attributes: JsonObject = {}
        if direction is not None:
            attributes = {"consumption_is_positive": direction == DIRECTION_CONSUMPTION}
        wanted = replace(wanted, attributes=attributes)
        earlier = next((made for asked, made in self._created if asked == wanted), None)
        if earlier is not None:
            return earlier
        data = entry.runtime_data
        if (wanted.asset_id, wanted.name) in names_of_sensors(data.inventory.data):
            raise FormError(CONF_NAME, "name_exists")
        with errors_for_forms():
            made = await data.connection.client.add_sensor(
                asset_id=wanted.asset_id,
                name=wanted.name,
                unit=wanted.unit,
                resolution=wanted.resolution,
                timezone=wanted.timezone,
                attributes=attributes,
            )
        self._created.append((wanted, made))
        return made
