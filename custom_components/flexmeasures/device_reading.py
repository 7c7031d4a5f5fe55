"""What a flexible device can do and how it is now, read from its settings and from the entities that they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
import math

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_DISCHARGING_POWER,
    CONF_EMPTY_TEMPERATURE,
    CONF_FLEX_MODEL,
    CONF_FORECAST_SENSOR,
    CONF_FULL_TEMPERATURE,
    CONF_HEAT_USAGE,
    CONF_INTERRUPTIBLE,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_PEAK_POWER,
    CONF_PLUGGED_IN_ENTITY,
    CONF_PROFILE,
    CONF_PROFILE_PART,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_STANDBY_LOSS,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_TANK_VOLUME,
    DOMAIN,
)
from .control import PowerLimits
from .feed import number_of
from .flexible_device import DeviceKind, FlexibleDevice
from .followed_entities import resolve_entity_id
from .scheduling import (
    Battery,
    BreakableProcess,
    CurtailableProduction,
    Departure,
    ElectricVehicle,
    EnergyTarget,
    EnergyWindow,
    GenericDevice,
    HeatBuffer,
    ShiftableProcess,
    Storage,
    StorageState,
    VehicleState,
    WaterTank,
)
from .units import UnitError, convert, is_energy
from .wishes import Wishes

_PERCENT = 100
_WATTS_PER_KILOWATT = 1000
# A full battery may report a little more than its capacity.
_ROUNDING = 1.001
_ALWAYS_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)
# What a field means when it is left empty.
_DEFAULTS = {
    CONF_MINIMUM_STATE_OF_CHARGE: 0.0,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100.0,
    CONF_DISCHARGING_POWER: 0.0,
    CONF_ROUNDTRIP_EFFICIENCY: 100.0,
    CONF_STANDBY_LOSS: 0.0,
    CONF_COEFFICIENT_OF_PERFORMANCE: 1.0,
    CONF_HEAT_USAGE: 0.0,
}

type Model = (
    Battery
    | ElectricVehicle
    | HeatBuffer
    | CurtailableProduction
    | ShiftableProcess
    | BreakableProcess
    | GenericDevice
)


@dataclass(frozen=True, slots=True)
class StoredEnergy:
    """What a device's state of charge means.

    Attributes:
        energy: kWh.
        age: since the entity last reported it.
    """

    energy: float
    age: timedelta


def read_model(hass: HomeAssistant, device: FlexibleDevice) -> Model:
    """Return what the device can do now.

    Raises:
        HomeAssistantError: an entity tells no usable value, or the values make no sense together.
    """
    with _values_make_sense(device):
        match device.kind:
            case DeviceKind.BATTERY:
                return _battery(hass, device)
            case DeviceKind.EV_CHARGER:
                return ElectricVehicle(battery=_battery(hass, device))
            case DeviceKind.HEAT_BUFFER:
                return _heat_buffer(hass, device)
            case DeviceKind.SOLAR:
                return CurtailableProduction(
                    power_sensor=device.power_sensor,
                    forecast_sensor=device.settings[CONF_FORECAST_SENSOR],
                )
            case DeviceKind.PROCESS:
                return _process(device)
            case DeviceKind.GENERIC:
                return GenericDevice(
                    power_sensor=device.power_sensor, fields=device.settings[CONF_FLEX_MODEL]
                )


@contextmanager
def _values_make_sense(device: FlexibleDevice) -> Iterator[None]:
    """Tell people about values that a device cannot have.

    Raises:
        HomeAssistantError: names the device and the reason.
    """
    try:
        yield
    except ValueError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="device_values",
            translation_placeholders={"device": device.title, "reason": str(error)},
        ) from error


def storage_of(model: Model) -> Storage | None:
    """Return the model as a storage; None for what stores nothing by its nature."""
    if isinstance(model, Battery | ElectricVehicle | HeatBuffer):
        return model.storage
    return None


def storage_state_of(model: Model, state: StorageState | VehicleState) -> StorageState:
    """Return the state as that of the model's storage."""
    if isinstance(state, StorageState):
        return state
    if isinstance(model, ElectricVehicle):
        return model.storage_state(state)
    raise TypeError(f"{type(model).__name__} has no such state")


def read_limits(hass: HomeAssistant, device: FlexibleDevice) -> PowerLimits:
    """Return the power that the device can take and give.

    Raises:
        HomeAssistantError: an entity tells no usable value.
    """
    with _values_make_sense(device):
        match device.kind:
            case DeviceKind.SOLAR:
                return PowerLimits(0.0, device.settings[CONF_PEAK_POWER] * _WATTS_PER_KILOWATT)
            case DeviceKind.PROCESS:
                return PowerLimits(max(device.settings[CONF_PROFILE]) * _WATTS_PER_KILOWATT, 0.0)
            case _:
                return PowerLimits(
                    _power(hass, device, CONF_CHARGING_POWER),
                    _power(hass, device, CONF_DISCHARGING_POWER),
                )


def read_storage_state(
    hass: HomeAssistant,
    device: FlexibleDevice,
    storage: Storage,
    stored: StoredEnergy,
    wishes: Wishes,
    *,
    now: datetime,
    zone: tzinfo,
    departures: tuple[Departure, ...] = (),
) -> StorageState | VehicleState:
    """Return how a device that stores energy is now, and what is wanted of it.

    Args:
        hass: tells whether a car is plugged in.
        device: of a kind that stores energy.
        storage: what it can do.
        stored: what is in it.
        wishes: what people want, in %.
        now: aware.
        zone: in which people say when it has to be ready.
        departures: what a calendar asks for, beside the wishes.

    Raises:
        HomeAssistantError: it is not known whether the car is plugged in, or nothing is between the limits.
    """
    ready_at = wishes.ready_at(now, zone)
    share = None if wishes.target is None else wishes.target / _PERCENT
    least = (wishes.keep_at_least or 0.0) / _PERCENT
    most = 1.0 if wishes.keep_at_most is None else wishes.keep_at_most / _PERCENT
    if least >= most:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="wishes_contradict",
            translation_placeholders={
                "device": device.title,
                "minimum": f"{least:.0%}",
                "maximum": f"{most:.0%}",
            },
        )
    wished = (
        ()
        if ready_at is None or share is None
        else (Departure(time=ready_at, state_of_charge=share),)
    )
    if device.kind is DeviceKind.EV_CHARGER:
        return VehicleState(
            stored_energy=stored.energy,
            is_plugged_in=is_plugged_in(hass, device),
            departures=(*wished, *departures),
            keep_at_least=least,
            keep_at_most=most,
        )
    return StorageState(
        stored_energy=stored.energy,
        targets=tuple(
            EnergyTarget(each.time, each.state_of_charge * storage.capacity) for each in wished
        ),
        minima=_always(least * storage.capacity) if least > 0 else (),
        maxima=_always(most * storage.capacity) if most < 1 else (),
    )


def _always(energy: float) -> tuple[EnergyWindow, ...]:
    return (EnergyWindow(_ALWAYS_FROM, _ALWAYS_UNTIL, energy),)


def is_plugged_in(hass: HomeAssistant, device: FlexibleDevice) -> bool:
    """Return whether the device can be charged now; what tells nothing about it always can.

    Raises:
        HomeAssistantError: the entity does not tell.
    """
    if (entity := device.settings.get(CONF_PLUGGED_IN_ENTITY)) is None:
        return True
    entity_id = resolve_entity_id(hass, entity)
    state = hass.states.get(entity_id)
    if state is None or state.state not in {STATE_ON, STATE_OFF}:
        raise _unknown("plugged_in_unknown", entity_id, state.state if state else "")
    return state.state == STATE_ON


def read_stored_energy(
    hass: HomeAssistant, device: FlexibleDevice, now: datetime
) -> StoredEnergy | None:
    """Return what is stored in the device; None where nothing tells a state of charge.

    Raises:
        HomeAssistantError: the entity is missing, has no number, no usable unit, or tells more than fits.
    """
    if (entity := device.settings.get(CONF_STATE_OF_CHARGE_ENTITY)) is None:
        return None
    entity_id = resolve_entity_id(hass, entity)
    state = hass.states.get(entity_id)
    if state is None:
        raise _unknown("state_of_charge_missing", entity_id, "")
    value = number_of(state)
    if value is None:
        raise _unknown("state_of_charge_unknown", entity_id, state.state)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
    # A device with a flex-model of its own may have no capacity; its energy is then told as energy.
    knows_capacity = device.kind.stores_energy or unit == PERCENTAGE
    with _values_make_sense(device):
        tank = _tank(device)
        capacity = _capacity(hass, device) if knows_capacity else math.inf
    try:
        energy = _energy(value, unit, capacity, tank)
    except UnitError:
        raise _unknown("state_of_charge_unit", entity_id, unit) from None
    if not 0 <= energy <= capacity * _ROUNDING:
        raise _unknown("state_of_charge_outside", entity_id, f"{state.state} {unit}")
    return StoredEnergy(min(energy, capacity), max(now - state.last_reported, timedelta(0)))


def _energy(value: float, unit: str, capacity: float, tank: WaterTank | None) -> float:
    """Return the kWh that a reading means; a tank below its empty temperature stores nothing of use.

    Raises:
        UnitError: the unit says nothing about stored energy.
    """
    if unit == PERCENTAGE:
        return value / _PERCENT * capacity
    if tank is not None and not is_energy(unit):
        return max(0.0, tank.energy(convert(value, unit, UnitOfTemperature.CELSIUS)))
    return convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)


def _tank(device: FlexibleDevice) -> WaterTank | None:
    settings = device.settings
    if CONF_TANK_VOLUME not in settings:
        return None
    return WaterTank(
        litres=settings[CONF_TANK_VOLUME],
        empty=settings[CONF_EMPTY_TEMPERATURE],
        full=settings[CONF_FULL_TEMPERATURE],
    )


def _capacity(hass: HomeAssistant, device: FlexibleDevice) -> float:
    tank = _tank(device)
    if tank is not None:
        return tank.capacity
    return _value(hass, device, CONF_CAPACITY, UnitOfEnergy.KILO_WATT_HOUR)


def _battery(hass: HomeAssistant, device: FlexibleDevice) -> Battery:
    return Battery(
        power_sensor=device.power_sensor,
        capacity=_capacity(hass, device),
        minimum_state_of_charge=_share(hass, device, CONF_MINIMUM_STATE_OF_CHARGE),
        maximum_state_of_charge=_share(hass, device, CONF_MAXIMUM_STATE_OF_CHARGE),
        charging_power=_power(hass, device, CONF_CHARGING_POWER),
        discharging_power=_power(hass, device, CONF_DISCHARGING_POWER),
        roundtrip_efficiency=_share(hass, device, CONF_ROUNDTRIP_EFFICIENCY),
        retention=1 - _share(hass, device, CONF_STANDBY_LOSS),
        predicted_energy_sensor=device.predicted_energy_sensor,
    )


def _heat_buffer(hass: HomeAssistant, device: FlexibleDevice) -> HeatBuffer:
    usage = _power(hass, device, CONF_HEAT_USAGE) / _WATTS_PER_KILOWATT
    return HeatBuffer(
        power_sensor=device.power_sensor,
        capacity=_capacity(hass, device),
        minimum_state_of_charge=_share(hass, device, CONF_MINIMUM_STATE_OF_CHARGE),
        maximum_state_of_charge=_share(hass, device, CONF_MAXIMUM_STATE_OF_CHARGE),
        heating_power=_power(hass, device, CONF_CHARGING_POWER),
        coefficient_of_performance=_value(hass, device, CONF_COEFFICIENT_OF_PERFORMANCE, None),
        loss=_share(hass, device, CONF_STANDBY_LOSS),
        usage=(usage,) if usage else (),
        predicted_energy_sensor=device.predicted_energy_sensor,
    )


def _process(device: FlexibleDevice) -> ShiftableProcess | BreakableProcess:
    powers = tuple(power * _WATTS_PER_KILOWATT for power in device.settings[CONF_PROFILE])
    if device.settings.get(CONF_INTERRUPTIBLE, False):
        return BreakableProcess(power_sensor=device.power_sensor, power=max(powers))
    return ShiftableProcess(
        power_sensor=device.power_sensor,
        powers=powers,
        part=timedelta(minutes=device.settings[CONF_PROFILE_PART]),
    )


def _power(hass: HomeAssistant, device: FlexibleDevice, field: str) -> float:
    return _value(hass, device, field, UnitOfPower.KILO_WATT) * _WATTS_PER_KILOWATT


def _share(hass: HomeAssistant, device: FlexibleDevice, field: str) -> float:
    return _value(hass, device, field, PERCENTAGE) / _PERCENT


def _value(hass: HomeAssistant, device: FlexibleDevice, field: str, unit: str | None) -> float:
    """Return a setting, or what the entity that it names tells, in the unit; None for a number without unit.

    Raises:
        HomeAssistantError: the entity tells no number with a usable unit.
    """
    stored: float | str | None = device.settings.get(field, _DEFAULTS.get(field))
    if stored is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="device_value_missing",
            translation_placeholders={"device": device.title, "field": field},
        )
    if not isinstance(stored, str):
        return float(stored)
    entity_id = resolve_entity_id(hass, stored)
    state = hass.states.get(entity_id)
    number = None if state is None else number_of(state)
    if state is None or number is None:
        raise _unknown("device_value_unknown", entity_id, state.state if state else "")
    if unit is None:
        return number
    entity_unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
    try:
        return convert(number, entity_unit, unit)
    except UnitError:
        raise _unknown("device_value_unit", entity_id, entity_unit) from None


def _unknown(reason: str, entity_id: str, state: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"entity": entity_id, "state": state},
    )
