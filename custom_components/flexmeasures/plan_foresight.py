"""What sensors on the server foresee for a device during a plan: the server plans with them, so we have to know them."""

from dataclasses import replace

from homeassistant.const import UnitOfPower

from .client import FlexMeasuresClient
from .plan_inputs import DeviceInputs
from .plan_request import DeviceRequest, PlanWindow
from .scheduling import CurtailableProduction, GenericDevice


def reads_sensors(inputs: DeviceInputs) -> bool:
    """Tell whether the server reads sensors for the device, whose values may change without a word."""
    if isinstance(inputs.model, CurtailableProduction | GenericDevice):
        return True
    return inputs.storage is not None and bool(inputs.storage.sensed_flows)


async def async_with_foresight(
    client: FlexMeasuresClient, request: DeviceRequest, window: PlanWindow
) -> DeviceRequest:
    """Return the request with what could be produced, or what flows into a storage and out of it.

    Raises:
        FlexMeasuresError: a sensor could not be read.
    """
    model, storage = request.inputs.model, request.inputs.storage
    forecast = request.s2.forecast_sensor if request.s2 else None
    if isinstance(model, CurtailableProduction):
        forecast = model.forecast_sensor
    if forecast is not None:
        powers = await _async_powers(client, forecast, UnitOfPower.WATT, request, window)
        return replace(request, available=powers)
    if storage is None or not storage.sensed_flows:
        return request
    flows = [0.0] * ((window.end - window.start) // request.inputs.sensor.resolution)
    for sensor, sign in storage.sensed_flows.items():
        powers = await _async_powers(client, sensor, UnitOfPower.KILO_WATT, request, window)
        for step, power in enumerate(powers[: len(flows)]):
            # The server, too, takes nothing for what is missing.
            flows[step] += sign * (power or 0.0)
    return replace(request, flows=tuple(flows))


async def _async_powers(
    client: FlexMeasuresClient,
    sensor: int,
    unit: UnitOfPower,
    request: DeviceRequest,
    window: PlanWindow,
) -> tuple[float | None, ...]:
    data = await client.get_sensor_data(
        sensor,
        start=window.start,
        duration=window.end - window.start,
        unit=unit,
        resolution=request.inputs.sensor.resolution,
    )
    return data.values
