"""What a new flexible device needs on the server: an asset below the site, and sensors for what is planned."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.const import UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .client import Asset, Sensor
from .const import CONF_POWER_SENSOR, CONF_PREDICTED_ENERGY_SENSOR
from .forms import BASE, FormError, errors_for_forms

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_NOT_CREATED: Final = -1
# The resolution of day-ahead prices in most of Europe, and of FlexMeasures' own examples.
_POWER_RESOLUTION: Final = timedelta(minutes=15)
_INSTANTANEOUS: Final = timedelta(0)


class DeviceCreation:
    """Creates what is missing; after a failure, the next try creates only what the last one did not.

    Attributes:
        sensors: what was created, by the field of the form that asked for it.
    """

    def __init__(self, entry: FlexMeasuresConfigEntry) -> None:
        """Prepare creating below the entry's site."""
        self._entry = entry
        self._asset: Asset | None = None
        self.sensors: dict[str, Sensor] = {}

    async def async_asset(self, name: str, kind: str) -> Asset:
        """Return a new asset below the site.

        Raises:
            FormError: the server did not create it.
        """
        if self._asset is not None and self._asset.name == name:
            return self._asset
        site = self._entry.runtime_data.inventory.data.site
        if site.account_id is None:  # a public site: only the server's administrators may change it
            raise FormError(BASE, "no_permission")
        client = self._entry.runtime_data.connection.client
        with errors_for_forms():
            types = {each.name: each.id for each in await client.get_asset_types()}
            if kind not in types:
                raise FormError(BASE, "asset_type_missing", type=kind)
            self._asset = await client.add_asset(
                name=name, type_id=types[kind], account_id=site.account_id, parent_id=site.id
            )
        self.sensors = {}
        return self._asset

    async def async_sensors(
        self, asset: Asset, fields: Iterable[str], timezone: str, *, consumption_is_positive: bool
    ) -> None:
        """Create the sensors that the fields ask for.

        Raises:
            FormError: the server did not create one.
        """
        wanted = _wanted(timezone, consumption_is_positive=consumption_is_positive)
        for field in fields:
            if field in self.sensors:
                continue
            sensor = wanted[field]
            with errors_for_forms():
                self.sensors[field] = await self._entry.runtime_data.connection.client.add_sensor(
                    asset_id=asset.id,
                    name=sensor.name,
                    unit=sensor.unit,
                    resolution=sensor.resolution,
                    timezone=sensor.timezone,
                    attributes=sensor.attributes,
                )


def likely_name(hass: HomeAssistant, *entities: str | None) -> str | None:
    """Return what the person calls the device that the first of these entities with a device belongs to."""
    registry, devices = er.async_get(hass), dr.async_get(hass)
    for entity in entities:
        registered = registry.async_get(entity) if entity else None
        device = devices.async_get(registered.device_id or "") if registered else None
        if device and (name := device.name_by_user or device.name):
            return name
    return None


def _wanted(timezone: str, *, consumption_is_positive: bool) -> dict[str, Sensor]:
    """Return the sensors that a device may need, not created yet.

    Plans are stored in the sign in which people read them; the server's default is the opposite for what consumes.
    """
    power = Sensor(
        id=_NOT_CREATED,
        name="power",
        unit=UnitOfPower.KILO_WATT,
        resolution=_POWER_RESOLUTION,
        timezone=timezone,
        asset_id=_NOT_CREATED,
        attributes={"consumption_is_positive": consumption_is_positive},
    )
    energy = replace(
        power,
        name="predicted energy",
        unit=UnitOfEnergy.KILO_WATT_HOUR,
        resolution=_INSTANTANEOUS,
        attributes={},
    )
    return {CONF_POWER_SENSOR: power, CONF_PREDICTED_ENERGY_SENSOR: energy}
