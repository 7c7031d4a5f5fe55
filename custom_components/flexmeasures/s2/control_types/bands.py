"""Operation modes as the bands of power that FlexMeasures plans within."""

from collections.abc import Iterable

from .quantities import FlexModel, FlexValue, watts
from .spans import UNGUARDED, Span


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the bands from the lowest on, those that overlap or touch in one."""
    bands: list[Span] = []
    for low, high in sorted((span.low, span.high) for span in spans):
        if bands and low <= bands[-1].end:
            bands[-1] = Span(bands[-1].start, max(high, bands[-1].end))
        else:
            bands.append(Span(low, high))
    return tuple(bands)


def allowed(bands: tuple[Span, ...], limits: Span) -> tuple[Span, ...]:
    """Return what of the bands lies within limits; all of them where nothing does, since some power the device will have."""
    within = tuple(
        Span(limits.clamp(band.start), limits.clamp(band.end))
        for band in bands
        if band.start <= limits.end and band.end >= limits.start
    )
    return within or bands


def power_limits(spans: Iterable[Span], limits: Span = UNGUARDED) -> FlexModel:
    """Return a flex-model's limits and, where the power has gaps, its ``operation-modes``.

    One band that holds 0 W needs no modes: limits say the same and keep the server's problem linear, four times faster.
    A device that cannot be off gets no band of 0 W: then the server plans it always on.

    Args:
        spans: electric power in W of every mode that may be used, over all fill levels.
        limits: W, consumption positive, that people let the device have; holds 0.
    """
    bands = allowed(merged(spans), limits)
    consumption = max(0.0, max((band.end for band in bands), default=0.0))
    production = max(0.0, -min((band.start for band in bands), default=0.0))
    model: dict[str, FlexValue] = {
        "consumption-capacity": watts(consumption),
        "production-capacity": watts(production),
        "power-capacity": watts(max(consumption, production)),
    }
    if len(bands) != 1 or not bands[0].start <= 0 <= bands[0].end:
        model["operation-modes"] = [_operation_mode(band) for band in bands]
    return model


def _operation_mode(band: Span) -> FlexModel:
    """Return one band; FlexMeasures takes both directions in one only when both begin at 0 W."""
    mode: dict[str, FlexValue] = {}
    if band.end > 0 or band.start == band.end == 0:
        mode["consumption-range"] = [watts(max(0.0, band.start)), watts(band.end)]
    if band.start < 0:
        mode["production-range"] = [watts(max(0.0, -band.end)), watts(-band.start)]
    return mode
