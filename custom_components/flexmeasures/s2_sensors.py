"""The FlexMeasures sensors of S2 devices: found by their names, created when missing, and fed with measurements."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from homeassistant.const import PERCENTAGE, Platform, UnitOfEnergy, UnitOfPower, UnitOfTemperature
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from .client import FlexMeasuresError, JsonObject, Sensor
from .const import DOMAIN, LOGGER
from .data import FlexMeasuresConfigEntry
from .feed import Aggregation, Feed
from .s2.control_types import Sensors, SeriesKind
from .s2.messages.components import ControlType
from .s2_device import S2Device

POWER: Final = "power"
FILL_LEVEL: Final = "fill level"
STORED_ENERGY: Final = "state of charge"
EXPECTED_ENERGY: Final = "expected energy"

_MEASURED: Final = frozenset({POWER, FILL_LEVEL, STORED_ENERGY})

# The resolution of day-ahead prices in most of Europe, and of FlexMeasures' own examples.
_STEP: Final = timedelta(minutes=15)
_MOMENTS: Final = timedelta(0)
# A server that is away is asked again after this; nothing is measured until the sensors exist.
_RETRY: Final = timedelta(minutes=1)
# S2 counts consumption as positive, and plans are read that way; the server's default is the opposite.
_CONSUMPTION_POSITIVE: Final[JsonObject] = {"consumption_is_positive": True}

# Units of fill levels that the server knows; devices write any words, and those stay in Home Assistant.
_FILL_LEVEL_UNITS: Final = frozenset(
    {PERCENTAGE, UnitOfTemperature.CELSIUS, UnitOfEnergy.KILO_WATT_HOUR, UnitOfEnergy.WATT_HOUR}
)

_FORECASTS: Final = {
    ControlType.FILL_RATE_BASED_CONTROL: (SeriesKind.USAGE_FORECAST, SeriesKind.GAIN_FORECAST),
    ControlType.POWER_ENVELOPE_BASED_CONTROL: (
        SeriesKind.CONSUMPTION_FORECAST,
        SeriesKind.PRODUCTION_FORECAST,
    ),
    ControlType.POWER_PROFILE_BASED_CONTROL: (
        SeriesKind.CONSUMPTION_FORECAST,
        SeriesKind.PRODUCTION_FORECAST,
    ),
    ControlType.NOT_CONTROLABLE: (
        SeriesKind.CONSUMPTION_FORECAST,
        SeriesKind.PRODUCTION_FORECAST,
    ),
    ControlType.DEMAND_DRIVEN_BASED_CONTROL: (SeriesKind.DEMAND_FORECAST,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSensor:
    """A sensor that a device needs on its asset."""

    name: str
    unit: str
    resolution: timedelta
    attributes: JsonObject | None = None


def wanted_sensors(device: S2Device) -> Iterator[WantedSensor]:
    """Yield what a device needs now; one that has not described its actuators yet needs more later."""
    yield _power_sensor(POWER)
    observation = device.observation
    if observation.fill_level_unit in _FILL_LEVEL_UNITS:
        yield WantedSensor(
            name=FILL_LEVEL, unit=observation.fill_level_unit or "", resolution=_MOMENTS
        )
    if observation.stored_energy is not None:
        yield _energy_sensor(STORED_ENERGY)
    actuators = observation.actuators
    if len(actuators) > 1:
        yield _energy_sensor(EXPECTED_ENERGY)
        yield from (_power_sensor(f"{POWER} {label}") for label in actuators.values())
    for kind in _FORECASTS.get(device.control_type or ControlType.NO_SELECTION, ()):
        yield WantedSensor(name=_forecast_name(kind), unit=UnitOfPower.KILO_WATT, resolution=_STEP)


def needs_of(device: S2Device) -> tuple[object, ...]:
    """Return what decides about the sensors that a device needs: most of its words change nothing of it."""
    observation = device.observation
    return (
        device.control is None,
        device.control_type,
        observation.is_described,
        observation.fill_level_unit,
        observation.stored_energy is None,
        tuple(observation.actuators.items()),
    )


def planning_sensors(device: S2Device, named: Mapping[str, Sensor]) -> Sensors | None:
    """Return the sensors that a device is planned on, out of those of its asset; None while one is missing."""
    if any(wanted.name not in named for wanted in wanted_sensors(device)):
        return None
    actuators = device.observation.actuators
    power = {"": named[POWER].id}
    if len(actuators) == 1:
        power = dict.fromkeys(actuators, named[POWER].id)
    elif actuators:
        power = {name: named[f"{POWER} {label}"].id for name, label in actuators.items()}
    return Sensors(
        power=power,
        series={
            kind: named[_forecast_name(kind)].id
            for kind in SeriesKind
            if _forecast_name(kind) in named
        },
        stored_energy=named[EXPECTED_ENERGY].id if EXPECTED_ENERGY in named else None,
        total_power=named[POWER].id,
    )


def sensors_on(entry: FlexMeasuresConfigEntry, asset_id: int) -> dict[str, Sensor]:
    """Return the sensors of an asset by name."""
    inventory = entry.runtime_data.inventory.data
    return {
        sensor.name: sensor for sensor in inventory.sensors.values() if sensor.asset_id == asset_id
    }


def s2_feeds(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, devices: Iterable[S2Device]
) -> tuple[Feed, ...]:
    """Return the measurements of all S2 devices whose entities and sensors exist."""
    return tuple(feed for device in devices for feed in _feeds(hass, entry, device))


def _feeds(hass: HomeAssistant, entry: FlexMeasuresConfigEntry, device: S2Device) -> Iterator[Feed]:
    settings = device.settings
    named = sensors_on(entry, settings.asset_id)
    registry = er.async_get(hass)
    for key, name, aggregation, sign in (
        ("measured_power", POWER, Aggregation.MEAN, 1),
        ("measured_fill_level", FILL_LEVEL, Aggregation.LAST, None),
        ("measured_stored_energy", STORED_ENERGY, Aggregation.LAST, None),
    ):
        unique_id = f"{settings.subentry_id}_{key}"
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        registered = registry.async_get(entity_id) if entity_id else None
        if registered is not None and name in named:
            # The entity itself ends a value that is too old, so nothing else limits how long it holds.
            yield Feed(
                subentry_id=settings.subentry_id,
                title=f"{settings.title}: {name}",
                entity=registered.id,
                sensor_id=named[name].id,
                aggregation=aggregation,
                sign_factor=sign,
                measurement=key,
            )


class S2SensorKeeper:
    """Creates the sensors that S2 devices need, and lets their measurements begin.

    When it fails, the devices are shown and can be told what to do, but are neither measured nor planned.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        devices: Mapping[str, S2Device],
    ) -> None:
        """Prepare looking after the sensors of the entry's devices."""
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[str] = set()
        self._retries: dict[str, CALLBACK_TYPE] = {}
        # With which sensors of the site, and for which needs, all that a device tells is measured.
        self._settled: dict[str, tuple[Mapping[int, Sensor], tuple[object, ...]]] = {}

    @callback
    def async_start(self) -> None:
        """Look after the devices until the entry is unloaded."""
        for device in self._devices.values():

            @callback
            def changed(device: S2Device = device) -> None:
                self._async_look_after(device)

            self._entry.async_on_unload(device.listeners.async_add(changed))
        self._entry.async_on_unload(self._async_cancel_retries)

    @callback
    def _async_cancel_retries(self) -> None:
        for cancel in self._retries.values():
            cancel()
        self._retries.clear()

    def _missing(self, device: S2Device) -> list[WantedSensor]:
        named = sensors_on(self._entry, device.settings.asset_id)
        return [wanted for wanted in wanted_sensors(device) if wanted.name not in named]

    @callback
    def _async_look_after(self, device: S2Device) -> None:
        """Create what is missing, unless that is under way or has to wait."""
        name = device.settings.subentry_id
        if device.connected and name not in self._tasks and name not in self._retries:
            sensors, needs = self._settled.get(name, (None, None))
            if sensors is self._entry.runtime_data.inventory.data.sensors and needs == needs_of(
                device
            ):
                return
            if not self._missing(device):
                self._async_measure(device)
                return
            self._tasks.add(name)
            self._entry.async_create_background_task(
                self._hass, self._async_create(device), "flexmeasures s2 sensors"
            )

    async def _async_create(self, device: S2Device) -> None:
        name = device.settings.subentry_id
        client = self._entry.runtime_data.connection.client
        inventory = self._entry.runtime_data.inventory
        try:
            async with self._one_at_a_time:
                # Another server's answer may be ten minutes old, and the server refuses a name that exists.
                await inventory.async_refresh()
                for wanted in self._missing(device):
                    await client.add_sensor(
                        asset_id=device.settings.asset_id,
                        name=wanted.name,
                        unit=wanted.unit,
                        resolution=wanted.resolution,
                        timezone=self._hass.config.time_zone,
                        attributes=wanted.attributes,
                    )
                await inventory.async_refresh()
        except FlexMeasuresError as error:
            device.lacks_sensors = True
            LOGGER.warning("%s has no sensors yet: %s", device.settings.title, error)
            self._async_retry_later(device)
        else:
            device.lacks_sensors = False
            if self._missing(device):
                self._async_retry_later(device)
            else:
                self._async_measure(device)
        finally:
            self._tasks.discard(name)

    @callback
    def _async_retry_later(self, device: S2Device) -> None:
        name = device.settings.subentry_id

        @callback
        def due(_: object) -> None:
            del self._retries[name]
            self._async_look_after(device)

        self._retries[name] = async_call_later(self._hass, _RETRY, due)

    @callback
    def _async_measure(self, device: S2Device) -> None:
        """Begin to measure what can be measured since now."""
        feeds = list(_feeds(self._hass, self._entry, device))
        if uploader := self._entry.runtime_data.uploader:
            for feed in feeds:
                uploader.async_add_feed(feed)
        wanted = {wanted.name for wanted in wanted_sensors(device)} & _MEASURED
        # An entity comes to be after the first words about it.
        if len(feeds) >= len(wanted):
            sensors = self._entry.runtime_data.inventory.data.sensors
            self._settled[device.settings.subentry_id] = (sensors, needs_of(device))


def _power_sensor(name: str) -> WantedSensor:
    return WantedSensor(
        name=name,
        unit=UnitOfPower.KILO_WATT,
        resolution=_STEP,
        attributes=_CONSUMPTION_POSITIVE,
    )


def _energy_sensor(name: str) -> WantedSensor:
    return WantedSensor(name=name, unit=UnitOfEnergy.KILO_WATT_HOUR, resolution=_MOMENTS)


def _forecast_name(kind: SeriesKind) -> str:
    return kind.value.replace("_", " ")
