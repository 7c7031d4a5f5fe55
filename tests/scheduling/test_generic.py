"""A device with a flex-model of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    FlexModelConflict,
    FlexModelError,
    FlexModelProblem,
    GenericDevice,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEVICE = GenericDevice(power_sensor=12, fields={"soc-max": "5 kWh", "power-capacity": "3 kW"})


def flex_model(state: float | None) -> dict[str, JSON]:
    """Return the flex-model for an hour."""
    end = NOON + timedelta(hours=1)
    return dict(DEVICE.flex_model(state, start=NOON, end=end, resolution=timedelta(minutes=15)))


def test_its_fields_are_sent_with_its_sensor_and_its_energy() -> None:
    assert flex_model(None) == {"soc-max": "5 kWh", "power-capacity": "3 kW", "sensor": 12}
    assert flex_model(2.5)["soc-at-start"] == "2.5 kWh"


def test_energy_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(FlexModelError, match="stored_energy: not finite"):
        flex_model(float("nan"))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("sensor", 3, FlexModelConflict.RESERVED_FIELD),
        ("asset", 3, FlexModelConflict.RESERVED_FIELD),
        ("soc-at-start", "3 kWh", FlexModelConflict.RESERVED_FIELD),
        ("soc-targets", [], FlexModelProblem.EMPTY),
        ("soc-max", None, FlexModelProblem.EMPTY),
    ],
)
def test_fields_that_would_spoil_the_plan_are_refused(
    field: str, value: JSON, problem: FlexModelProblem | FlexModelConflict
) -> None:
    with pytest.raises(FlexModelError) as refusal:
        GenericDevice(power_sensor=12, fields={field: value})

    assert (refusal.value.field, refusal.value.problem) == (field, problem)
