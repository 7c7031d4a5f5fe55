"""The power that a device foresees, for FlexMeasures' sensors."""

from ..messages.components import PowerForecastValue, PowerValue, total_electric_power
from ..messages.session import PowerForecast
from .contribution import Contribution, Sensors, Series, SeriesKind
from .timeline import Grid, Timeline, means

_WATTS_PER_KILOWATT = 1000
_SIGNS = ((SeriesKind.CONSUMPTION_FORECAST, 1), (SeriesKind.PRODUCTION_FORECAST, -1))


def add_power_forecast(timeline: Timeline[float], forecast: PowerForecast) -> None:
    """Put the electric W that are expected, consumption positive, on the time line."""
    timeline.replace_from(
        forecast.start_time,
        [(part.duration, expected_power(part.power_values)) for part in forecast.elements],
        forecast.message_id,
    )


def expected_power(values: tuple[PowerForecastValue, ...]) -> float:
    """Return the electric W that are expected over all phases; 0 where nothing is electric."""
    return (
        total_electric_power(
            PowerValue(commodity_quantity=value.commodity_quantity, value=value.expected)
            for value in values
        )
        or 0.0
    )


def power_series(
    timeline: Timeline[float], grid: Grid, kinds: frozenset[SeriesKind] = frozenset()
) -> tuple[Series, ...]:
    """Return what will be consumed and what will be produced in kW; none without a forecast.

    Args:
        timeline: W, consumption positive.
        grid: steps to give values for.
        kinds: directions to give even where they never occur, because the device is able to.
    """
    powers = means(timeline, grid)
    known = [power for power in powers if power is not None]
    occurring = set(kinds)
    occurring |= {SeriesKind.CONSUMPTION_FORECAST} if any(power > 0 for power in known) else set()
    occurring |= {SeriesKind.PRODUCTION_FORECAST} if any(power < 0 for power in known) else set()
    if not known:
        return ()
    return tuple(_series(kind, sign, powers, grid) for kind, sign in _SIGNS if kind in occurring)


def given_power(
    forecast: Timeline[float],
    sensors: Sensors,
    grid: Grid,
    kinds: frozenset[SeriesKind] = frozenset(),
) -> Contribution:
    """Return W, consumption positive, as what the site consumes and produces anyhow.

    Args:
        forecast: W, consumption positive.
        sensors: of the device.
        grid: steps to give values for.
        kinds: directions to give even where they never occur.

    Raises:
        ValueError: a sensor is missing for a direction that occurs.
    """
    series = power_series(forecast, grid, kinds)
    return Contribution(
        inflexible_consumption=_sensors_of(SeriesKind.CONSUMPTION_FORECAST, series, sensors),
        inflexible_production=_sensors_of(SeriesKind.PRODUCTION_FORECAST, series, sensors),
        series=series,
    )


def _sensors_of(kind: SeriesKind, series: tuple[Series, ...], sensors: Sensors) -> tuple[int, ...]:
    return tuple(sensors.identifier(part.kind) for part in series if part.kind is kind)


def _series(kind: SeriesKind, sign: int, powers: tuple[float | None, ...], grid: Grid) -> Series:
    return Series(
        kind=kind,
        start=grid.start,
        resolution=grid.resolution,
        values=tuple(
            None if power is None else max(0.0, sign * power) / _WATTS_PER_KILOWATT
            for power in powers
        ),
    )
