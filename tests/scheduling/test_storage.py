"""The flex-model of anything that stores energy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    Battery,
    EnergyTarget,
    EnergyWindow,
    FlexModelConflict,
    FlexModelError,
    FlexModelProblem,
    PowerRange,
    PowerWindow,
    SensorReference,
    Storage,
    StorageState,
)

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STORAGE = Storage(
    power_sensor=12,
    capacity=10,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=4000,
    discharging_power=4000,
)
HEATER = Storage(power_sensor=12, capacity=10, minimum_state_of_charge=0.2, charging_power=2000)


def flex_model(storage: Storage, state: StorageState | float, hours: float = 6) -> dict[str, JSON]:
    """Return the flex-model for a plan from noon on."""
    if not isinstance(state, StorageState):
        state = StorageState(stored_energy=state)
    end = NOON + hours * HOUR
    return dict(storage.flex_model(state, start=NOON, end=end, resolution=QUARTER))


def test_what_is_not_needed_is_not_sent() -> None:
    assert flex_model(STORAGE, 5) == {
        "sensor": 12,
        "soc-at-start": "5 kWh",
        "soc-min": "1 kWh",
        "soc-max": "9 kWh",
        "power-capacity": "4000 W",
        "consumption-capacity": "4000 W",
        "production-capacity": "4000 W",
        "roundtrip-efficiency": "100%",
    }


def test_everything_that_is_known_is_sent() -> None:
    storage = replace(
        STORAGE,
        charging_efficiency=3.2,
        discharging_efficiency=0.95,
        retention=0.99,
        usage=(0.5, SensorReference(7)),
        gain=(SensorReference(8),),
        operation_modes=(PowerRange(0, 0), PowerRange(1000, 4000), PowerRange(-4000, -2000)),
        prefers_charging_sooner=False,
        prefers_curtailing_later=False,
        predicted_energy_sensor=13,
    )
    model = flex_model(storage, 5)

    assert model["charging-efficiency"] == "320%"
    assert model["discharging-efficiency"] == "95%"
    # A hundredth an hour: the fourth root of 0.99 per quarter-hour.
    assert model["storage-efficiency"] == "99.74905699%"
    assert model["soc-usage"] == ["0.5 kW", {"sensor": 7}]
    assert model["soc-gain"] == [{"sensor": 8}]
    assert model["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["1000 W", "4000 W"]},
        {"production-range": ["2000 W", "4000 W"]},
    ]
    assert model["prefer-charging-sooner"] is False
    assert model["prefer-curtailing-later"] is False
    assert model["state-of-charge"] == {"sensor": 13}
    assert "roundtrip-efficiency" not in model


def test_a_range_through_zero_is_told_in_both_directions() -> None:
    assert PowerRange(-2000, 3000).json() == {
        "consumption-range": ["0 W", "3000 W"],
        "production-range": ["0 W", "2000 W"],
    }


def test_targets_are_asked_for_on_the_grid_and_within_the_plan() -> None:
    """The server overlooks moments between two steps and plans until the last target, however far it is."""
    model = flex_model(
        STORAGE,
        StorageState(
            stored_energy=5,
            targets=(
                EnergyTarget(NOON - HOUR, 8),
                EnergyTarget(NOON + timedelta(minutes=14), 8),
                EnergyTarget(NOON + timedelta(minutes=67), 6),
                EnergyTarget(NOON + 2 * HOUR, 7, is_exact=True),
                EnergyTarget(NOON + 6 * HOUR, 12),
            ),
        ),
    )

    assert model["soc-minima"] == [
        {"datetime": "2026-11-22T13:00:00+00:00", "value": "6 kWh"},
        {"datetime": "2026-11-22T18:00:00+00:00", "value": "9 kWh"},
    ]
    assert model["soc-targets"] == [{"datetime": "2026-11-22T14:00:00+00:00", "value": "7 kWh"}]


def test_a_target_after_the_plan_becomes_what_its_last_hours_cannot_charge() -> None:
    """One hour at 4 kW gives 4 of 8 kWh, so 4 kWh have to be there at the end; two hours need nothing before."""
    state = StorageState(stored_energy=5, targets=(EnergyTarget(NOON + 7 * HOUR, 8),))
    assert flex_model(STORAGE, state)["soc-minima"] == [
        {"datetime": "2026-11-22T18:00:00+00:00", "value": "4 kWh"}
    ]

    later = replace(state, targets=(EnergyTarget(NOON + 8 * HOUR, 8),))
    assert "soc-minima" not in flex_model(STORAGE, later)
    much_later = replace(state, targets=(EnergyTarget(NOON + timedelta(days=9000), 8),))
    assert "soc-minima" not in flex_model(STORAGE, much_later)


def test_limits_are_clipped_to_the_plan_and_to_the_band() -> None:
    model = flex_model(
        STORAGE,
        StorageState(
            stored_energy=5,
            minima=(
                EnergyWindow(NOON - HOUR, NOON + timedelta(minutes=50), 3),
                EnergyWindow(NOON - 2 * HOUR, NOON - HOUR, 3),
                EnergyWindow(NOON, NOON + HOUR, 0.5),
            ),
            maxima=(
                EnergyWindow(NOON + timedelta(minutes=50), NOON + 9 * HOUR, 7),
                EnergyWindow(NOON, NOON + HOUR, 9.5),
            ),
        ),
    )

    assert model["soc-minima"] == [
        {
            "start": "2026-11-22T12:00:00+00:00",
            "end": "2026-11-22T13:00:00+00:00",
            "value": "3 kWh",
        }
    ]
    assert model["soc-maxima"] == [
        {
            "start": "2026-11-22T12:45:00+00:00",
            "end": "2026-11-22T18:00:00+00:00",
            "value": "7 kWh",
        }
    ]


def test_a_minimum_holds_from_when_it_can_be_reached() -> None:
    """From 2 to 5 kWh at 4 kW takes 45 minutes, after the half-hour without power."""
    state = StorageState(
        stored_energy=2,
        minima=(EnergyWindow(NOON, NOON + 6 * HOUR, 5),),
        power_windows=(PowerWindow(NOON, NOON + HOUR / 2),),
    )

    model = flex_model(STORAGE, state)

    assert model["soc-minima"] == [
        {
            "start": "2026-11-22T13:15:00+00:00",
            "end": "2026-11-22T18:00:00+00:00",
            "value": "5 kWh",
        }
    ]
    # Half an hour is left of the first: 4 of 5 kWh.
    assert flex_model(STORAGE, state, hours=1)["soc-minima"] == [
        {"datetime": "2026-11-22T13:00:00+00:00", "value": "4 kWh"}
    ]


def test_above_a_maximum_that_cannot_be_reached_nothing_more_is_stored() -> None:
    """A car that only charges stays where it is."""
    state = StorageState(stored_energy=8, maxima=(EnergyWindow(NOON, NOON + 6 * HOUR, 5),))

    assert flex_model(replace(STORAGE, discharging_power=0), state)["soc-maxima"] == [
        {
            "start": "2026-11-22T12:00:00+00:00",
            "end": "2026-11-22T18:00:00+00:00",
            "value": "8 kWh",
        }
    ]
    # One that gives 4 kW is below after three quarters of an hour.
    assert flex_model(STORAGE, state)["soc-maxima"] == [
        {
            "start": "2026-11-22T12:45:00+00:00",
            "end": "2026-11-22T18:00:00+00:00",
            "value": "5 kWh",
        }
    ]


def test_power_windows_count_for_every_step_that_they_touch() -> None:
    state = StorageState(
        stored_energy=5,
        power_windows=(
            PowerWindow(NOON + timedelta(minutes=20), NOON + timedelta(minutes=40)),
            PowerWindow(NOON + HOUR, NOON + 9 * HOUR, consumption=9000, production=1000),
        ),
    )

    model = flex_model(STORAGE, state, hours=2)

    spans = [("12:00", "12:15"), ("12:15", "12:45"), ("12:45", "14:00")]
    assert model["power-capacity"] == "4000 W"
    assert model["consumption-capacity"] == [
        {
            "start": f"2026-11-22T{start}:00+00:00",
            "end": f"2026-11-22T{end}:00+00:00",
            "value": value,
        }
        for (start, end), value in zip(spans, ["4000 W", "0 W", "4000 W"], strict=True)
    ]
    produced = model["production-capacity"]
    assert isinstance(produced, list)
    assert [each["value"] for each in produced] == ["4000 W", "0 W", "4000 W", "1000 W"]


def test_a_storage_that_usage_must_empty_is_not_held_at_its_band() -> None:
    """4 kW are used and 2 kW can be charged: after an hour 2 kWh are left, and the band would be infeasible."""
    model = flex_model(replace(HEATER, usage=(4.0,)), 4, hours=2)

    # It falls by 2 kWh an hour, to nothing after two.
    assert "soc-min" not in model
    assert model["soc-minima"] == [
        {
            "start": "2026-11-22T12:00:00+00:00",
            "end": "2026-11-22T14:00:00+00:00",
            "value": "2 kWh",
        }
    ]
    # After an hour 2.5 kWh would be left of 4.5 kWh, and 1.5 kWh after one and a half: a Wh less is allowed.
    assert flex_model(replace(HEATER, usage=(4.0,)), 4.5, hours=1.5)["soc-min"] == "1.499 kWh"


def test_a_storage_that_gain_must_overfill_is_not_held_at_its_band() -> None:
    model = flex_model(replace(HEATER, maximum_state_of_charge=0.8, gain=(1.0,)), 7.5, hours=1)

    assert model["soc-max"] == "8.501 kWh"
    assert model["soc-min"] == "2 kWh"


def test_what_sensors_tell_of_usage_and_gain_leaves_only_soft_limits() -> None:
    model = flex_model(replace(HEATER, usage=(SensorReference(7),)), 5)
    whole_plan = {"start": "2026-11-22T12:00:00+00:00", "end": "2026-11-22T18:00:00+00:00"}
    assert "soc-min" not in model
    assert model["soc-minima"] == [{**whole_plan, "value": "2 kWh"}]
    assert model["soc-max"] == "10 kWh"

    model = flex_model(replace(HEATER, gain=(SensorReference(7),)), 5)
    assert "soc-max" not in model
    assert model["soc-maxima"] == [{**whole_plan, "value": "10 kWh"}]
    assert model["soc-min"] == "2 kWh"


@pytest.mark.parametrize("energy", [-0.1, 10.5, float("nan"), float("inf")])
def test_energy_that_does_not_fit_is_refused(energy: float) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        flex_model(STORAGE, energy)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("charging_efficiency", 0, FlexModelProblem.NOT_POSITIVE),
        ("discharging_efficiency", 1.1, FlexModelProblem.NOT_A_SHARE),
        ("retention", 0, FlexModelProblem.NOT_A_SHARE),
        ("usage", (-1.0,), FlexModelProblem.NEGATIVE),
        ("gain", (float("nan"),), FlexModelProblem.NOT_FINITE),
        ("predicted_energy_sensor", 12, FlexModelConflict.SAME_SENSOR),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(
    field: str, value: object, problem: FlexModelProblem | FlexModelConflict
) -> None:
    with pytest.raises(FlexModelError) as refusal:
        replace(STORAGE, **{field: value})  # type: ignore[arg-type]

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_a_heat_pump_gives_more_heat_than_it_takes_electricity() -> None:
    assert replace(STORAGE, charging_efficiency=4).charging_efficiency == 4


def test_ranges_windows_and_targets_that_make_no_sense_are_refused() -> None:
    with pytest.raises(FlexModelError, match="minimum: minimum not below maximum"):
        PowerRange(2, 1)
    with pytest.raises(FlexModelError, match="minimum: not finite"):
        PowerRange(float("nan"), 1)
    with pytest.raises(FlexModelError, match="targets: negative"):
        EnergyTarget(NOON, -1)
    with pytest.raises(FlexModelError, match="energy: not finite"):
        EnergyWindow(NOON, NOON + HOUR, float("nan"))
    with pytest.raises(FlexModelError, match="start: minimum not below maximum"):
        EnergyWindow(NOON, NOON, 1)
    with pytest.raises(FlexModelError, match="production: negative"):
        PowerWindow(NOON, NOON + HOUR, production=-1)
    with pytest.raises(ValueError, match="time zone"):
        EnergyTarget(datetime(2026, 11, 22), 1)
    with pytest.raises(ValueError, match="end needs a time zone"):
        PowerWindow(NOON, datetime(2026, 11, 23))


def test_every_kind_that_stores_energy_tells_its_storage_and_its_state() -> None:
    battery = Battery(
        power_sensor=12,
        capacity=10,
        minimum_state_of_charge=0,
        maximum_state_of_charge=1,
        charging_power=4000,
        discharging_power=4000,
        roundtrip_efficiency=0.81,
    )
    state = StorageState(stored_energy=5)

    assert STORAGE.storage is STORAGE
    assert STORAGE.storage_state(state) is state
    assert battery.storage_state(state) is state
    assert battery.storage.charging_efficiency == pytest.approx(0.9)
    assert battery.storage.discharging_efficiency == pytest.approx(0.9)


TIMES = st.integers(-120, 600).map(lambda minutes: NOON + timedelta(minutes=minutes))
WINDOWS = st.builds(
    lambda start, minutes, energy: EnergyWindow(start, start + timedelta(minutes=minutes), energy),
    TIMES,
    st.integers(1, 600),
    st.floats(0, 15),
)


@given(
    storage=st.builds(
        Storage,
        power_sensor=st.just(12),
        capacity=st.just(10.0),
        minimum_state_of_charge=st.floats(0, 0.4),
        maximum_state_of_charge=st.floats(0.5, 1),
        charging_power=st.floats(100, 9000),
        discharging_power=st.sampled_from([0.0, 3000.0]),
        retention=st.floats(0.8, 1),
        usage=st.lists(st.floats(0, 5) | st.just(SensorReference(7)), max_size=2).map(tuple),
        gain=st.lists(st.floats(0, 5) | st.just(SensorReference(8)), max_size=1).map(tuple),
    ),
    state=st.builds(
        StorageState,
        stored_energy=st.floats(0, 10),
        targets=st.lists(
            st.builds(EnergyTarget, TIMES, st.floats(0, 15), st.booleans()), max_size=3
        ).map(tuple),
        minima=st.lists(WINDOWS, max_size=2).map(tuple),
        maxima=st.lists(WINDOWS, max_size=2).map(tuple),
    ),
)
def test_whatever_is_wanted_the_server_can_read_and_keep_its_hard_limits(
    storage: Storage, state: StorageState
) -> None:
    """Nothing lies outside the plan or between two steps, no list is empty, and the start lies in the hard limits."""
    model = flex_model(storage, state)
    end = NOON + 6 * HOUR

    def energy(value: JSON) -> float:
        assert isinstance(value, str)
        return float(value.removesuffix(" kWh"))

    start = energy(model["soc-at-start"])
    assert energy(model.get("soc-min", "0 kWh")) <= start + 1e-9
    assert start <= energy(model.get("soc-max", "99 kWh")) + 1e-9
    for name in ("soc-targets", "soc-minima", "soc-maxima"):
        entries = model.get(name, [{}])
        assert isinstance(entries, list)
        assert entries
        for entry in filter(None, entries):
            for key in entry.keys() & {"start", "end", "datetime"}:
                moment = datetime.fromisoformat(entry[key])
                assert NOON <= moment <= end
                assert (moment - NOON) % QUARTER == timedelta(0)
            assert entry.get("start", "") < entry.get("end", "x")
            assert 0 <= energy(entry["value"]) < 99
