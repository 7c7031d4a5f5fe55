"""What the site's connection leaves beside a plan, read where the server reads it."""

from collections.abc import Iterable, Mapping

from homeassistant.const import UnitOfPower

from .client import FlexMeasuresClient, FlexMeasuresError, JsonObject, JsonValue
from .coordinator import SiteInventory
from .plan_request import PlanWindow
from .scheduling import FlexContext, PowerSeries, SensorReference, SiteConnection
from .units import UnitError, convert, quantity_of

# Fields of a flex-context as the server stores it that change what the site's limits mean.
_NOT_UNDERSTOOD = ("commodities", "commitments")


class _UnknownError(ValueError):
    """The server knows more of the site's limits than can be read here."""


async def async_read_connection(
    client: FlexMeasuresClient, inventory: SiteInventory, context: FlexContext, window: PlanWindow
) -> SiteConnection | None:
    """Return the site's limits and what is foreseen beside the plan.

    Args:
        client: reads sensors of power that is not planned, where the site has limits.
        inventory: the site, with the flex-context that it stores.
        context: from the options; comes before what the site stores.
        window: the time that is planned.

    Returns:
        None where something of it is not known: then no device may deviate from its plan.
    """
    stored = inventory.site.flex_context
    try:
        consumption, production = _limits(stored, context)
        if consumption is None and production is None:
            return SiteConnection()
        signs = _inflexible(inventory, context)
        others = [await _async_power(client, each, signs[each], window) for each in signs]
    except _UnknownError, FlexMeasuresError:
        return None
    return SiteConnection(consumption=consumption, production=production, others=tuple(others))


def _limits(stored: JsonObject, context: FlexContext) -> tuple[float | None, float | None]:
    """Return W that may be consumed and produced; None without limit.

    Raises:
        _UnknownError: a limit is of a form that only the server reads.
    """
    if any(name in stored for name in _NOT_UNDERSTOOD):
        raise _UnknownError
    both = _capacity(stored, "site-power-capacity", context.site_power_capacity)
    consumption = _capacity(stored, "site-consumption-capacity", context.site_consumption_capacity)
    production = _capacity(stored, "site-production-capacity", context.site_production_capacity)
    # A peak that is paid for is none to exceed by rounding either.
    peak = _capacity(stored, "site-peak-consumption", context.site_peak_consumption)
    return _least(both, consumption, peak), _least(both, production)


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _capacity(
    stored: JsonObject, field: str, chosen: float | SensorReference | None
) -> float | None:
    if isinstance(chosen, SensorReference):
        raise _UnknownError
    if chosen is not None:
        return chosen
    match stored.get(field):
        case None:
            return None
        case str() as text if quantity := quantity_of(text):
            try:
                return convert(*quantity, UnitOfPower.WATT)
            except UnitError:
                pass  # told below
    raise _UnknownError


def _inflexible(inventory: SiteInventory, context: FlexContext) -> Mapping[int, int]:
    """Return the sensors of what is not planned, each with the sign that makes its power one of consumption.

    Raises:
        _UnknownError: such a sensor is not known.
    """
    stored = inventory.site.flex_context
    consuming = context.inflexible_consumption or _sensors(stored, "inflexible-consumption")
    producing = context.inflexible_production or _sensors(stored, "inflexible-production")
    signs = dict.fromkeys(consuming, 1) | dict.fromkeys(producing, -1)
    for sensor_id in _sensors(stored, "inflexible-device-sensors"):
        sensor = inventory.sensors.get(sensor_id)
        if sensor is None:
            raise _UnknownError
        signs[sensor_id] = 1 if sensor.consumption_is_positive else -1
    return signs


def _sensors(stored: JsonObject, field: str) -> tuple[int, ...]:
    listed = stored.get(field, ())
    return tuple(map(_sensor_id, listed)) if isinstance(listed, Iterable) else ()


def _sensor_id(listed: JsonValue) -> int:
    match listed:
        case bool():
            pass
        case int(sensor) | {"sensor": int(sensor)}:
            return sensor
    raise _UnknownError


async def _async_power(
    client: FlexMeasuresClient, sensor: int, sign: int, window: PlanWindow
) -> PowerSeries:
    data = await client.get_sensor_data(
        sensor,
        start=window.start,
        duration=window.end - window.start,
        unit=UnitOfPower.WATT,
        resolution=window.resolution,
    )
    return PowerSeries(
        start=data.start,
        resolution=data.resolution,
        # The server takes what is missing for nothing, which is no reason to do so here.
        powers=tuple(None if power is None else sign * power for power in data.values),
    )
