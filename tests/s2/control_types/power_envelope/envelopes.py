"""Devices that decide themselves within limits: panels and a car, and the limits that they are told."""

from datetime import datetime

from custom_components.flexmeasures.s2.control_types import (
    PowerEnvelopeControl,
    Sensors,
    SeriesKind,
    TakenEnergy,
)
from custom_components.flexmeasures.s2.messages import pebc
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity, PowerValue
from custom_components.flexmeasures.s2.messages.session import (
    PowerForecast,
    PowerForecastElement,
    PowerMeasurement,
)

from ..samples import HOUR, L1, MINUTE, NOON, QUARTER, foreseen, ids, plan, span

SENSORS = Sensors(
    power={"": 1},
    series={SeriesKind.CONSUMPTION_FORECAST: 2, SeriesKind.PRODUCTION_FORECAST: 3},
)
VANISH = pebc.PowerEnvelopeConsequenceType.VANISH
DEFER = pebc.PowerEnvelopeConsequenceType.DEFER


def constraints(
    consequence: pebc.PowerEnvelopeConsequenceType,
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
    *,
    quantities: tuple[CommodityQuantity, ...] = (L1,),
    valid_from: datetime = NOON,
    valid_until: datetime | None = None,
    constraints_id: str = "constraints",
    abnormal: tuple[tuple[float, float], ...] = (),
) -> pebc.PowerConstraints:
    """Return the limits that may be set."""
    kinds = (
        (pebc.PowerEnvelopeLimitType.UPPER_LIMIT, uppers),
        (pebc.PowerEnvelopeLimitType.LOWER_LIMIT, lowers),
    )
    return pebc.PowerConstraints(
        message_id=f"{constraints_id} message",
        id=constraints_id,
        valid_from=valid_from,
        valid_until=valid_until,
        consequence_type=consequence,
        allowed_limit_ranges=tuple(
            pebc.AllowedLimitRange(
                commodity_quantity=quantity,
                limit_type=kind,
                range_boundary=span(*limits),
                abnormal_condition_only=limits in abnormal,
            )
            for quantity in quantities
            for kind, ranges in kinds
            for limits in ranges
        ),
    )


def energy(
    watts: float, end: datetime, *, start: datetime = NOON, lower: float = 0.0
) -> pebc.EnergyConstraint:
    """Return an energy as an average power over a window."""
    return pebc.EnergyConstraint(
        message_id="energy message",
        id="energy",
        valid_from=start,
        valid_until=end,
        upper_average_power=watts,
        lower_average_power=lower,
        commodity_quantity=L1,
    )


def forecast(*watts: float) -> PowerForecast:
    """Return the W foreseen for each quarter-hour from noon on."""
    return PowerForecast(
        message_id="forecast",
        start_time=NOON,
        elements=tuple(
            PowerForecastElement(duration=QUARTER, power_values=foreseen(value)) for value in watts
        ),
    )


def device(
    *messages: object, abnormal_conditions: bool = False, taken: TakenEnergy | None = None
) -> PowerEnvelopeControl:
    """Return a device that said these messages at noon, and took so much energy before."""
    control = PowerEnvelopeControl(abnormal_conditions=abnormal_conditions, taken=taken)
    for message in messages:
        control.receive(message, NOON)  # type: ignore[arg-type]
    return control


def panels(*watts: float) -> PowerEnvelopeControl:
    """Return solar panels of 5 kW that can be limited to anything."""
    return device(constraints(VANISH, [(0, 0)], [(-5000, 0)]), forecast(*watts))


def limits(
    control: PowerEnvelopeControl, *powers: float | None, now: datetime = NOON
) -> list[tuple[float, float, float]]:
    """Return minutes, upper and lower limit of every element that is sent for a plan."""
    instructions = control.instructions(now, plan(*powers, actuator_id=""), ids())
    if not instructions:
        return []
    ((envelope,),) = [instruction.power_envelopes for instruction in instructions]
    return [
        (part.duration / MINUTE, part.upper_limit, part.lower_limit)
        for part in envelope.power_envelope_elements
    ]


def car(
    *messages: object, minimum: float = 0.0, taken: TakenEnergy | None = None
) -> PowerEnvelopeControl:
    """Return a car that takes 0 or from a minimum up to 7.4 kW, and wants 4 kWh within six hours."""
    return device(
        constraints(DEFER, [(0, 0), (minimum, 7400)], [(0, 0)]),
        energy(4000 / 6, NOON + 6 * HOUR),
        *messages,
        taken=taken,
    )


def measurement(at: datetime, watts: float) -> PowerMeasurement:
    """Return a measured power."""
    return PowerMeasurement(
        message_id="measurement",
        measurement_timestamp=at,
        values=(PowerValue(commodity_quantity=L1, value=watts),),
    )
