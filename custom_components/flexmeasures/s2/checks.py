"""What a single message must fulfil beyond the schema: it has to make sense in itself.

Rules are those of the standard's text; s2-python checks some of them, each device others.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from .messages import ddbc, frbc, ombc, pebc, ppbc, session
from .messages.components import (
    CommodityQuantity,
    Identifier,
    NumberRange,
    PowerForecastValue,
    PowerRange,
    PowerValue,
    Timer,
    Transition,
)
from .wire import invalid_content

# Boundaries of adjoining ranges are computed by devices: 0.1 + 0.2 meets 0.3.
_NOISE = 1e-9
# The standard allows a thousand; each is told to the device, and a programme of a household has ten.
_MOST_CONTAINERS = 100
# Containers times elements, which is what it takes to place them on even the coarsest grid; that household has 5 000.
_MOST_CHOICES = 50_000
# Times after it would leave the calendar.
_LONGEST_PROGRAMME = timedelta(days=366)


def check(message: object) -> None:
    """Check one message.

    Raises:
        MessageError: it contradicts itself (INVALID_CONTENT).
    """
    rule = _RULES.get(type(message))
    if rule is not None:
        rule(message)


def _power_measurement(message: session.PowerMeasurement) -> None:
    _one_for_each_quantity(message.values)


def _power_forecast(message: session.PowerForecast) -> None:
    for element in message.elements:
        _one_for_each_quantity(element.power_values)


def _fill_rate_description(message: frbc.SystemDescription) -> None:
    _unique("actuator", (actuator.id for actuator in message.actuators))
    for actuator in message.actuators:
        modes = actuator.operation_modes
        _transitions((mode.id for mode in modes), actuator.transitions, actuator.timers)
        for mode in modes:
            _adjoining(tuple(element.fill_level_range for element in mode.elements))
            for element in mode.elements:
                _one_for_each_quantity(element.power_ranges)


def _leakage(message: frbc.LeakageBehaviour) -> None:
    _adjoining(tuple(element.fill_level_range for element in message.elements))


def _operation_mode_description(message: ombc.SystemDescription) -> None:
    modes = message.operation_modes
    _transitions((mode.id for mode in modes), message.transitions, message.timers)
    for mode in modes:
        _one_for_each_quantity(mode.power_ranges)


def _demand_driven_description(message: ddbc.SystemDescription) -> None:
    _unique("actuator", (actuator.id for actuator in message.actuators))
    for actuator in message.actuators:
        modes = actuator.operation_modes
        _transitions((mode.id for mode in modes), actuator.transitions, actuator.timers)
        for mode in modes:
            _one_for_each_quantity(mode.power_ranges)


def _power_constraints(message: pebc.PowerConstraints) -> None:
    if message.valid_until is not None and message.valid_until <= message.valid_from:
        raise invalid_content("valid_until is not after valid_from")
    limits = {allowed.limit_type for allowed in message.allowed_limit_ranges}
    if limits != set(pebc.PowerEnvelopeLimitType):
        raise invalid_content("allowed_limit_ranges lack a limit")


def _energy_constraint(message: pebc.EnergyConstraint) -> None:
    if message.valid_until <= message.valid_from:
        raise invalid_content("valid_until is not after valid_from")
    if message.lower_average_power > message.upper_average_power:
        raise invalid_content("lower_average_power is above upper_average_power")


def _envelopes(message: pebc.Instruction) -> None:
    _one_for_each_quantity(message.power_envelopes)
    for envelope in message.power_envelopes:
        if any(part.lower_limit > part.upper_limit for part in envelope.power_envelope_elements):
            raise invalid_content("lower_limit is above upper_limit")


def _power_profile(message: ppbc.PowerProfileDefinition) -> None:
    if message.end_time <= message.start_time:
        raise invalid_content("end_time is not after start_time")
    containers = message.power_sequences_containers
    if len(containers) > _MOST_CONTAINERS:
        raise invalid_content(
            f"more than {_MOST_CONTAINERS} parts of one programme are not planned"
        )
    if len(containers) * sum(map(_elements, containers)) > _MOST_CHOICES:
        raise invalid_content("the programme has too many parts, sequences and elements to plan")
    _unique("container", (container.id for container in containers))
    for container in containers:
        _unique("sequence", (sequence.id for sequence in container.power_sequences))
        for sequence in container.power_sequences:
            for element in sequence.elements:
                _one_for_each_quantity(element.power_values)
    if sum(map(_longest, containers), timedelta(0)) > _LONGEST_PROGRAMME:
        raise invalid_content("the programme is longer than a year")


def _elements(container: ppbc.PowerSequenceContainer) -> int:
    return sum(len(sequence.elements) for sequence in container.power_sequences)


def _longest(container: ppbc.PowerSequenceContainer) -> timedelta:
    return max(
        sum((element.duration for element in sequence.elements), timedelta(0))
        for sequence in container.power_sequences
    )


def _transitions(
    modes: Iterable[Identifier], transitions: Sequence[Transition], timers: Sequence[Timer]
) -> None:
    known_modes = _unique("operation mode", modes)
    known_timers = _unique("timer", (timer.id for timer in timers))
    _unique("transition", (transition.id for transition in transitions))
    for transition in transitions:
        if not {transition.from_id, transition.to_id} <= known_modes:
            raise invalid_content("a transition names an unknown operation mode")
        if not {*transition.start_timers, *transition.blocking_timers} <= known_timers:
            raise invalid_content("a transition names an unknown timer")


def _unique(noun: str, identifiers: Iterable[Identifier]) -> set[Identifier]:
    seen: set[Identifier] = set()
    for identifier in identifiers:
        if identifier in seen:
            raise invalid_content(f"two have the same {noun} id")
        seen.add(identifier)
    return seen


def _one_for_each_quantity(
    values: Iterable[PowerRange | PowerValue | PowerForecastValue | pebc.PowerEnvelope],
) -> None:
    seen: set[CommodityQuantity] = set()
    for value in values:
        if value.commodity_quantity in seen:
            raise invalid_content(f"{value.commodity_quantity} is there twice")
        seen.add(value.commodity_quantity)


def _adjoining(ranges: Sequence[NumberRange]) -> None:
    """Refuse gaps and overlaps; the order in which a device lists them does not matter."""
    ordered = sorted(ranges, key=lambda level: (level.start_of_range, level.end_of_range))
    for before, after in pairwise(ordered):
        allowed = _NOISE * max(1.0, abs(before.end_of_range))
        if abs(after.start_of_range - before.end_of_range) > allowed:
            raise invalid_content("fill level ranges do not adjoin")


# Any: each rule is called with the type that it stands beside.
_RULES: dict[type, Callable[[Any], None]] = {
    session.PowerMeasurement: _power_measurement,
    session.PowerForecast: _power_forecast,
    frbc.SystemDescription: _fill_rate_description,
    frbc.LeakageBehaviour: _leakage,
    ombc.SystemDescription: _operation_mode_description,
    ddbc.SystemDescription: _demand_driven_description,
    pebc.PowerConstraints: _power_constraints,
    pebc.EnergyConstraint: _energy_constraint,
    pebc.Instruction: _envelopes,
    ppbc.PowerProfileDefinition: _power_profile,
}
