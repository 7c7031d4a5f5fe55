"""Devices that decide themselves within limits."""

from datetime import datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    Finding,
    Grid,
    Notice,
    Plan,
    PowerEnvelopeControl,
    Sensors,
    SeriesKind,
    Timeline,
)
from custom_components.flexmeasures.s2.messages import pebc
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity, PowerValue
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    PowerForecastElement,
    PowerMeasurement,
    RevokableObject,
)

from .samples import (
    L1,
    L2,
    L3,
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    TOTAL,
    foreseen,
    ids,
    plan,
    revoke,
    schedule,
    span,
)

HOUR = timedelta(hours=1)
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


def device(*messages: object, abnormal_conditions: bool = False) -> PowerEnvelopeControl:
    """Return a device that said these messages at noon."""
    control = PowerEnvelopeControl(abnormal_conditions=abnormal_conditions)
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


def test_panels_are_limited_only_where_the_plan_stays_below_the_forecast() -> None:
    control = panels(-1000, -2000, -3000, -3000)

    assert limits(control, -1000, -2000, -500, 0) == [
        (30, 0, -5000),
        (15, 0, -500),
        (15, 0, 0),
    ]


def test_panels_that_need_no_limit_hear_nothing() -> None:
    assert limits(panels(-1000, -2000), -1000, -1990) == []


def test_a_limit_in_force_is_lifted_when_the_plan_no_longer_needs_it() -> None:
    control = panels(-1000, -2000)
    (instruction,) = control.instructions(NOON, plan(-500, -500, actuator_id=""), ids())
    control.sent(instruction, NOON)

    assert limits(control, -500, -500) == []
    assert limits(control, -500, -500, now=NOON + MINUTE) == []
    assert limits(control, -1000, -2000, now=NOON + MINUTE) == [(29, 0, -5000)]


def test_without_any_forecast_the_plan_is_the_limit() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))

    assert limits(control, -500, None, -700) == [(15, 0, -500), (15, 0, -5000), (15, 0, -700)]


def test_a_forecast_of_others_counts_where_the_device_has_none() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    foreseen_by_others: Timeline[float] = Timeline()
    foreseen_by_others.replace_from(NOON, [(HOUR, -1000.0)], "server")
    control.foresee(foreseen_by_others)

    assert limits(control, -1000) == []
    assert limits(control, -400) == [(15, 0, -400)]


def test_consumption_that_would_be_lost_is_capped_only_below_its_forecast() -> None:
    control = device(constraints(VANISH, [(0, 3000)], [(0, 0)]), forecast(2000, 2000))

    assert limits(control, 2000, 1000) == [(15, 3000, 0), (15, 1000, 0)]


def test_an_override_limits_until_the_end_of_the_next_hour() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON + MINUTE, Plan(overrides={"": -300}), ids())
    ((element,),) = [envelope.power_envelope_elements for envelope in instruction.power_envelopes]

    assert (element.duration, element.lower_limit) == (119 * MINUTE, -300)
    control.sent(instruction, NOON + MINUTE)
    wanted = Plan(overrides={"": -300})
    assert control.instructions(NOON + 59 * MINUTE, wanted, ids()) == ()
    assert control.next_decision(NOON + 59 * MINUTE, wanted) == NOON + HOUR
    assert control.instructions(NOON + HOUR, wanted, ids()) != ()


@pytest.mark.parametrize("watts", [0.0, -500.0])
def test_an_override_is_the_limit_whatever_is_foreseen(watts: float) -> None:
    """Only 200 W are foreseen; a person means what may never be exceeded, not what is expected."""
    control = panels(-200, -200, -200, -200)
    (instruction,) = control.instructions(NOON, Plan(overrides={"": watts}), ids())

    (envelope,) = instruction.power_envelopes
    assert {piece.lower_limit for piece in envelope.power_envelope_elements} == {watts}


def test_a11_later_constraints_wait_and_then_need_envelopes_of_their_own() -> None:
    control = panels(-1000, -1000)
    control.receive(
        constraints(
            VANISH, [(0, 0)], [(-400, 0)], valid_from=NOON + QUARTER, constraints_id="later"
        ),
        NOON,
    )
    (instruction,) = control.instructions(NOON, plan(-500, -500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    (following,) = control.instructions(NOON + QUARTER, plan(-500, -300, actuator_id=""), ids())

    assert (instruction.power_constraints_id, following.power_constraints_id) == (
        "constraints",
        "later",
    )
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER


@pytest.mark.parametrize("object_id", ["constraints", "constraints message"])
def test_a12_revoked_constraints_take_their_instruction_with_them(object_id: str) -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    revoked = control.receive(revoke(RevokableObject.PEBC_POWER_CONSTRAINTS, object_id), NOON)

    assert revoked == ("i1",)
    assert limits(control, -400) == []
    assert control.contribution(SENSORS, Grid(NOON, QUARTER, 1), NOON) == Contribution()


def test_a13_a_refused_instruction_is_not_repeated_at_once() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    control.refused("i1", NOON, temporary=True)

    assert limits(control, -500, now=NOON + 4 * SECOND) == []
    assert control.next_decision(NOON, Plan()) == NOON + 5 * SECOND
    (instruction,) = control.instructions(
        NOON + 5 * SECOND, plan(-500, actuator_id=""), ids("second-")
    )
    control.sent(instruction, NOON + 5 * SECOND)
    control.receive(
        InstructionStatusUpdate(
            message_id="u",
            instruction_id=instruction.id,
            status_type=InstructionStatus.REJECTED,
            timestamp=NOON,
        ),
        NOON + 5 * SECOND,
    )
    assert limits(control, -500, now=NOON + 64 * SECOND) == []
    assert limits(control, -500, now=NOON + 65 * SECOND) != []
    control.refused("unknown", NOON, temporary=False)


def test_a13_what_is_over_is_not_revoked() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    control.receive(
        InstructionStatusUpdate(
            message_id="u",
            instruction_id="i1",
            status_type=InstructionStatus.SUCCEEDED,
            timestamp=NOON,
        ),
        NOON,
    )

    assert control.deactivate() == ()


def test_a16_limits_for_abnormal_conditions_need_permission() -> None:
    ranges = constraints(VANISH, [(0, 0)], [(-5000, -2000), (-2000, 0)], abnormal=((-2000, 0),))
    wanted = plan(-500, actuator_id="")
    (normal,) = device(ranges).instructions(NOON, wanted, ids())
    (abnormal,) = device(ranges, abnormal_conditions=True).instructions(NOON, wanted, ids())

    assert normal.power_envelopes[0].power_envelope_elements[0].lower_limit == -2000
    assert not normal.abnormal_condition
    assert abnormal.power_envelopes[0].power_envelope_elements[0].lower_limit == -500
    assert abnormal.abnormal_condition


def test_a17_an_envelope_ends_with_its_constraints() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)], valid_until=NOON + 20 * MINUTE))

    assert limits(control, -500, -700, -900) == [(15, 0, -500), (5, 0, -700)]
    assert limits(control, -500, -700, now=NOON + 20 * MINUTE) == []
    assert control.next_decision(NOON + QUARTER, Plan()) == NOON + 20 * MINUTE


def test_a17_an_envelope_has_at_most_288_elements() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    powers = [-500.0 - index % 2 for index in range(400)]

    assert len(limits(control, *powers)) == 288


def test_a_limit_goes_to_the_nearest_allowed_value() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, -3000), (0, 0)]))

    assert limits(control, -2000, -1400) == [(15, 0, -3000), (15, 0, 0)]


@pytest.mark.parametrize(
    ("watts", "uppers", "lowers", "expected"),
    [
        # Both may be anything up to -200 W.
        (-100, [(-500, -200)], [(-1000, 0)], [(15, -200, -200)]),
        # The wished 500 W lie nearest to an upper limit of 0 W, below which a lower one has to be.
        (500, [(0, 0), (3000, 4000)], [(-2000, -1000), (200, 600)], [(15, 0, -1000)]),
        # No lower limit goes below the nearest upper one, so that the upper one gives way.
        (500, [(0, 0), (3000, 4000)], [(100, 600)], [(15, 3000, 100)]),
        # No pair at all.
        (500, [(-500, 0)], [(100, 600)], []),
    ],
)
def test_limits_never_cross(
    watts: float,
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
    expected: list[tuple[float, float, float]],
) -> None:
    control = device(constraints(DEFER, uppers, lowers), energy(0, NOON + HOUR))

    assert limits(control, watts) == expected


def test_a_limit_of_which_only_one_side_can_be_set_is_left_alone() -> None:
    assert limits(device(constraints(DEFER, [(0, 100)], [])), 50) == []
    assert (
        device(constraints(DEFER, [(0, 100)], [])).contribution(
            SENSORS, Grid(NOON, QUARTER, 1), NOON
        )
        == Contribution()
    )


def test_phases_are_loaded_alike_and_the_total_goes_before_phases() -> None:
    per_phase = constraints(DEFER, [(0, 4000)], [(0, 0)], quantities=(L1, L2, L3))
    with_total = constraints(DEFER, [(0, 12000)], [(0, 0)], quantities=(TOTAL, L1))
    wanted = plan(6000, actuator_id="")
    (by_phase,) = device(per_phase).instructions(NOON, wanted, ids())
    (total,) = device(with_total).instructions(NOON, wanted, ids())

    assert [
        (envelope.commodity_quantity, envelope.power_envelope_elements[0].upper_limit)
        for envelope in by_phase.power_envelopes
    ] == [(L1, 2000), (L2, 2000), (L3, 2000)]
    assert [envelope.commodity_quantity for envelope in total.power_envelopes] == [TOTAL]
    assert len({by_phase.id, *(envelope.id for envelope in by_phase.power_envelopes)}) == 4


def car(*messages: object, minimum: float = 0.0) -> PowerEnvelopeControl:
    """Return a car that takes 0 or from a minimum up to 7.4 kW, and wants 4 kWh within six hours."""
    return device(
        constraints(DEFER, [(0, 0), (minimum, 7400)], [(0, 0)]),
        energy(4000 / 6, NOON + 6 * HOUR),
        *messages,
    )


def test_a_car_may_take_what_is_planned_and_no_more() -> None:
    powers = (7400.0, 7400.0, 1200.0, *[0.0] * 21)

    assert limits(car(), *powers) == [
        (30, 7400, 0),
        (15, 1200, 0),
        (315, 0, 0),
    ]


def test_a_plan_that_leaves_too_little_is_widened_in_the_cheapest_steps() -> None:
    control = car()
    prices: Timeline[float] = Timeline()
    prices.replace_from(NOON, [(5 * HOUR, 0.3), (HOUR, 0.1)], "prices")
    control.set_prices(prices, NOON)

    # 2 of 4 kWh are planned; 1.85 kWh more fit in the first cheap quarter, 0.15 kWh (600 W) in the next.
    assert limits(control, 7400.0, 600.0, *[0.0] * 22) == [
        (15, 7400, 0),
        (15, 600, 0),
        (270, 0, 0),
        (15, 7400, 0),
        (15, 600, 0),
        (30, 0, 0),
    ]


def test_energy_that_was_measured_need_not_be_left_any_more() -> None:
    control = car()
    for minute in range(0, 31, 5):
        control.receive(measurement(NOON + minute * MINUTE, 7000), NOON + minute * MINUTE)
    now = NOON + 30 * MINUTE

    # 3.5 of 4 kWh have been taken; half a kWh is left to give: 2 kW for a quarter-hour.
    assert limits(control, 0.0, 0.0, *[0.0] * 22, now=now) == [(15, 2000, 0), (315, 0, 0)]


def test_a_measurement_counts_for_five_minutes_at_most_and_none_twice() -> None:
    control = car()
    control.receive(measurement(NOON, 6000), NOON)
    control.receive(measurement(NOON, 6000), NOON)
    control.receive(measurement(NOON + HOUR, 0), NOON + HOUR)

    # 0.5 kWh in five minutes: 3.5 kWh are left, two quarters at most and what remains.
    assert limits(control, *[0.0] * 24, now=NOON + HOUR)[0] == (15, 7400, 0)
    (entry,) = control.contribution(
        SENSORS, Grid(NOON + HOUR, QUARTER, 20), NOON + HOUR
    ).flex_models
    assert entry["soc-max"] == "3.5 kWh"


def test_a_window_beyond_the_plan_counts_what_is_possible_there() -> None:
    # 4 kWh within six hours; after the planned first hour there is room for all of it.
    assert limits(car(), 0.0, 0.0, 0.0, 0.0) == [(60, 0, 0)]


def test_a_revoked_energy_no_longer_counts() -> None:
    control = car(revoke(RevokableObject.PEBC_ENERGY_CONSTRAINT, "energy"), forecast(2000))

    assert limits(control, 7400.0, 0.0)[0][1] == 7400
    assert control.contribution(SENSORS, Grid(NOON, QUARTER, 1), NOON).inflexible_consumption == (
        2,
    )


def measurement(at: datetime, watts: float) -> PowerMeasurement:
    """Return a measured power."""
    return PowerMeasurement(
        message_id="measurement",
        measurement_timestamp=at,
        values=(PowerValue(commodity_quantity=L1, value=watts),),
    )


def test_panels_are_planned_up_to_their_forecast() -> None:
    found = panels(-1000, -2000).contribution(SENSORS, Grid(NOON, QUARTER, 3), NOON)
    (series,) = found.series

    assert found.flex_models == (
        {"sensor": 1, "consumption-capacity": "0 W", "production-capacity": {"sensor": 3}},
    )
    assert (series.kind, series.values) == (SeriesKind.PRODUCTION_FORECAST, (1, 2, None))


def test_panels_without_a_forecast_are_planned_when_the_server_has_one() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    grid = Grid(NOON, QUARTER, 3)

    assert control.contribution(SENSORS, grid, NOON).flex_models != ()
    assert control.contribution(Sensors(power={"": 1}), grid, NOON) == Contribution()


def test_a_car_is_a_storage_that_is_full_in_time() -> None:
    (entry,) = car(minimum=1380).contribution(SENSORS, Grid(NOON, QUARTER, 48), NOON).flex_models

    assert entry == {
        "sensor": 1,
        "soc-at-start": "0 kWh",
        "soc-min": "0 kWh",
        "soc-max": "4 kWh",
        "power-capacity": "7400 W",
        "consumption-capacity": [
            {
                "start": "2026-11-22T12:00:00+00:00",
                "end": "2026-11-22T18:00:00+00:00",
                "value": "7400 W",
            },
            {
                "start": "2026-11-22T18:00:00+00:00",
                "end": "2026-11-23T00:00:00+00:00",
                "value": "0 W",
            },
        ],
        "production-capacity": [
            {
                "start": "2026-11-22T12:00:00+00:00",
                "end": "2026-11-22T18:00:00+00:00",
                "value": "0 W",
            },
            {
                "start": "2026-11-22T18:00:00+00:00",
                "end": "2026-11-23T00:00:00+00:00",
                "value": "0 W",
            },
        ],
        "operation-modes": [
            {"consumption-range": ["0 W", "0 W"]},
            {"consumption-range": ["1380 W", "7400 W"]},
        ],
        "soc-minima": [{"datetime": "2026-11-22T18:00:00+00:00", "value": "4 kWh"}],
    }


def test_what_can_be_taken_after_the_planned_time_need_not_be_taken_within_it() -> None:
    control = device(constraints(DEFER, [(0, 4000)], [(0, 0)]), energy(3500, NOON + 2 * HOUR))
    (entry,) = control.contribution(SENSORS, Grid(NOON, QUARTER, 4), NOON).flex_models

    # 7 kWh in all, of which 4 kWh fit into the second hour.
    assert entry["soc-minima"] == [{"datetime": "2026-11-22T13:00:00+00:00", "value": "3 kWh"}]
    assert entry["consumption-capacity"] == "4000 W"


def test_energy_that_full_power_cannot_give_is_told() -> None:
    control = device(constraints(DEFER, [(0, 4000)], [(0, 0)]), energy(5000, NOON + HOUR))
    found = control.contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON)

    assert found.notices == (
        Notice(
            finding=Finding.ENERGY_OUT_OF_REACH,
            at=NOON + HOUR,
            wanted=5,
            possible=4,
        ),
    )


def test_a_device_that_gives_energy_back_starts_with_what_it_has_to_give() -> None:
    control = device(
        constraints(DEFER, [(0, 5000)], [(-5000, 0)]),
        energy(1000, NOON + 2 * HOUR, lower=-500),
    )
    (entry,) = control.contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON).flex_models

    assert (entry["soc-at-start"], entry["soc-max"]) == ("1 kWh", "3 kWh")
    assert entry["soc-minima"] == [{"datetime": "2026-11-22T14:00:00+00:00", "value": "3 kWh"}]
    # 1 kWh of production has to stay possible, in the last step first: 4 kW for a quarter-hour.
    assert limits(control, *[1000.0] * 8) == [(105, 1000, 0), (15, 1000, -4000)]


@st.composite
def bands(draw: st.DrawFn, low: int, high: int) -> list[tuple[float, float]]:
    """Return one to three bands of allowed limits that may touch or overlap."""
    pairs = draw(
        st.lists(st.tuples(st.integers(low, high), st.integers(low, high)), min_size=1, max_size=3)
    )
    return [(float(min(pair)), float(max(pair))) for pair in pairs]


@given(
    uppers=bands(-2000, 8000),
    lowers=bands(-8000, 2000),
    powers=st.lists(st.none() | st.integers(-9000, 9000), min_size=1, max_size=12),
    consequence=st.sampled_from(list(pebc.PowerEnvelopeConsequenceType)),
    average=st.integers(-4000, 8000),
    lower_average=st.integers(-8000, 0),
    hours=st.integers(1, 6),
    offset=st.integers(0, 1800),
    until=st.none() | st.integers(1, 20_000),
)
def test_a17_every_envelope_keeps_its_rules(
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
    powers: list[int | None],
    consequence: pebc.PowerEnvelopeConsequenceType,
    average: int,
    lower_average: int,
    hours: int,
    offset: int,
    until: int | None,
) -> None:
    valid_until = None if until is None else NOON + until * SECOND
    window = energy(average, NOON + hours * HOUR, lower=lower_average)
    control = device(constraints(consequence, uppers, lowers, valid_until=valid_until), window)
    now = NOON + offset * SECOND
    wanted = Plan(schedules={"": schedule(*powers)})
    for instruction in control.instructions(now, wanted, ids()):
        (envelope,) = instruction.power_envelopes
        elements = envelope.power_envelope_elements
        assert 1 <= len(elements) <= 288
        assert not instruction.abnormal_condition
        end = instruction.execution_time + sum((part.duration for part in elements), timedelta(0))
        assert valid_until is None or end <= valid_until
        for part in elements:
            assert part.duration > timedelta(0)
            assert part.lower_limit <= part.upper_limit
            assert any(low <= part.upper_limit <= high for low, high in uppers)
            assert any(low <= part.lower_limit <= high for low, high in lowers)
        if consequence is DEFER:
            assert_leaves_room(instruction, window, uppers, lowers)


def assert_leaves_room(
    instruction: pebc.Instruction,
    window: pebc.EnergyConstraint,
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
) -> None:
    """Assert that both energies stay possible, or else that every limit is at its widest."""
    widest_upper = max(high for _, high in uppers)
    widest_lower = min(low for low, _ in lowers)
    most_consumed, most_produced = max(0.0, widest_upper), max(0.0, -widest_lower)
    start = instruction.execution_time
    consumed = produced = 0.0
    inside = []
    for part in instruction.power_envelopes[0].power_envelope_elements:
        end = start + part.duration
        seconds = max(0.0, (min(end, window.valid_until) - start).total_seconds())
        consumed += max(0.0, part.upper_limit) * seconds
        produced += max(0.0, -part.lower_limit) * seconds
        inside += [part] if seconds else []
        start = end
    rest = max(0.0, (window.valid_until - start).total_seconds())
    length = (window.valid_until - window.valid_from).total_seconds()
    needed = max(0.0, window.upper_average_power * length)
    given_back = max(0.0, -window.lower_average_power * length)

    assert consumed + most_consumed * rest >= needed - 0.01 or all(
        part.upper_limit == widest_upper for part in inside
    )
    assert produced + most_produced * rest >= given_back - 0.01 or all(
        part.lower_limit == widest_lower for part in inside
    )
