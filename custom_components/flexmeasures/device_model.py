"""What a flexible device can do, read from its settings and from the entities that they name."""

from datetime import timedelta

from homeassistant.core import HomeAssistant

from .const import (
    CONF_CHARGING_EFFICIENCY,
    CONF_CHARGING_POWER,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_DISCHARGING_EFFICIENCY,
    CONF_DISCHARGING_POWER,
    CONF_FLEX_MODEL,
    CONF_FORECAST_SENSOR,
    CONF_GAIN,
    CONF_GAIN_SENSOR,
    CONF_HEAT_USAGE,
    CONF_INTERRUPTIBLE,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_OPERATION_MODES,
    CONF_PEAK_POWER,
    CONF_PREFER_CHARGING_SOONER,
    CONF_PROFILE,
    CONF_PROFILE_PART,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_STANDBY_LOSS,
    CONF_USAGE,
    CONF_USAGE_SENSOR,
)
from .control import PowerLimits
from .device_values import (
    WATTS_PER_KILOWATT,
    capacity_of,
    power_of,
    share_of,
    value_of,
    values_make_sense,
)
from .flexible_device import DeviceKind, FlexibleDevice
from .scheduling import (
    Battery,
    BreakableProcess,
    CurtailableProduction,
    ElectricVehicle,
    Flow,
    GenericDevice,
    HeatBuffer,
    PowerRange,
    SensorReference,
    ShiftableProcess,
    Storage,
    StorageState,
    VehicleState,
)

type Model = (
    Battery
    | ElectricVehicle
    | HeatBuffer
    | CurtailableProduction
    | ShiftableProcess
    | BreakableProcess
    | GenericDevice
)


def read_model(hass: HomeAssistant, device: FlexibleDevice) -> Model:
    """Return what the device can do now.

    Raises:
        HomeAssistantError: an entity tells no usable value, or the values make no sense together.
    """
    with values_make_sense(device):
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
            case DeviceKind.S2:
                raise TypeError("an S2 device tells itself what it can do")


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
    with values_make_sense(device):
        match device.kind:
            case DeviceKind.SOLAR:
                return PowerLimits(0.0, device.settings[CONF_PEAK_POWER] * WATTS_PER_KILOWATT)
            case DeviceKind.PROCESS:
                return PowerLimits(max(device.settings[CONF_PROFILE]) * WATTS_PER_KILOWATT, 0.0)
            case _:
                return PowerLimits(
                    power_of(hass, device, CONF_CHARGING_POWER),
                    power_of(hass, device, CONF_DISCHARGING_POWER),
                )


def _battery(hass: HomeAssistant, device: FlexibleDevice) -> Battery:
    return Battery(
        power_sensor=device.power_sensor,
        capacity=capacity_of(hass, device),
        minimum_state_of_charge=share_of(hass, device, CONF_MINIMUM_STATE_OF_CHARGE),
        maximum_state_of_charge=share_of(hass, device, CONF_MAXIMUM_STATE_OF_CHARGE),
        charging_power=power_of(hass, device, CONF_CHARGING_POWER),
        discharging_power=power_of(hass, device, CONF_DISCHARGING_POWER),
        roundtrip_efficiency=_told_share(hass, device, CONF_ROUNDTRIP_EFFICIENCY),
        charging_efficiency=_told_share(hass, device, CONF_CHARGING_EFFICIENCY),
        discharging_efficiency=_told_share(hass, device, CONF_DISCHARGING_EFFICIENCY),
        retention=1 - share_of(hass, device, CONF_STANDBY_LOSS),
        usage=_flows(hass, device, CONF_USAGE, CONF_USAGE_SENSOR),
        gain=_flows(hass, device, CONF_GAIN, CONF_GAIN_SENSOR),
        operation_modes=_operation_modes(device),
        prefers_charging_sooner=_prefers_charging_sooner(device),
        predicted_energy_sensor=device.predicted_energy_sensor,
    )


def _heat_buffer(hass: HomeAssistant, device: FlexibleDevice) -> HeatBuffer:
    return HeatBuffer(
        power_sensor=device.power_sensor,
        capacity=capacity_of(hass, device),
        minimum_state_of_charge=share_of(hass, device, CONF_MINIMUM_STATE_OF_CHARGE),
        maximum_state_of_charge=share_of(hass, device, CONF_MAXIMUM_STATE_OF_CHARGE),
        heating_power=power_of(hass, device, CONF_CHARGING_POWER),
        coefficient_of_performance=value_of(hass, device, CONF_COEFFICIENT_OF_PERFORMANCE, None),
        loss=share_of(hass, device, CONF_STANDBY_LOSS),
        usage=_flows(hass, device, CONF_HEAT_USAGE, CONF_USAGE_SENSOR),
        gain=_flows(hass, device, CONF_GAIN, CONF_GAIN_SENSOR),
        operation_modes=_operation_modes(device),
        prefers_charging_sooner=_prefers_charging_sooner(device),
        predicted_energy_sensor=device.predicted_energy_sensor,
    )


def _told_share(hass: HomeAssistant, device: FlexibleDevice, field: str) -> float | None:
    return share_of(hass, device, field) if field in device.settings else None


def _flows(
    hass: HomeAssistant, device: FlexibleDevice, field: str, sensor: str
) -> tuple[Flow, ...]:
    """Return what flows out of a storage, or into it: a number or what an entity tells, and what a sensor foresees."""
    power = power_of(hass, device, field) / WATTS_PER_KILOWATT
    foreseen = device.settings.get(sensor)
    return (
        *((power,) if power else ()),
        *(() if foreseen is None else (SensorReference(foreseen),)),
    )


def _operation_modes(device: FlexibleDevice) -> tuple[PowerRange, ...]:
    return tuple(
        PowerRange(least * WATTS_PER_KILOWATT, most * WATTS_PER_KILOWATT)
        for least, most in device.settings.get(CONF_OPERATION_MODES, ())
    )


def _prefers_charging_sooner(device: FlexibleDevice) -> bool:
    return bool(device.settings.get(CONF_PREFER_CHARGING_SOONER, True))


def _process(device: FlexibleDevice) -> ShiftableProcess | BreakableProcess:
    powers = tuple(power * WATTS_PER_KILOWATT for power in device.settings[CONF_PROFILE])
    if device.settings.get(CONF_INTERRUPTIBLE, False):
        return BreakableProcess(power_sensor=device.power_sensor, power=max(powers))
    return ShiftableProcess(
        power_sensor=device.power_sensor,
        powers=powers,
        part=timedelta(minutes=device.settings[CONF_PROFILE_PART]),
    )
