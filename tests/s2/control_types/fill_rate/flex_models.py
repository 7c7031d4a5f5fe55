"""What a device that stores adds to a plan that begins at noon."""

from datetime import timedelta

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    FillRateControl,
    FillRateOptions,
    Grid,
    Sensors,
    SeriesKind,
)
from custom_components.flexmeasures.s2.messages import frbc

from ..samples import (
    NOON,
    QUARTER,
    actuator,
    actuator_status,
    element,
    mode,
    storage_description,
    storage_status,
)

SENSORS = Sensors(
    power={"battery": 1, "heat pump": 2, "element": 3},
    series={SeriesKind.USAGE_FORECAST: 4, SeriesKind.GAIN_FORECAST: 5},
    stored_energy=6,
)


def grid(count: int = 4, resolution: timedelta = QUARTER) -> Grid:
    """Return quarter-hours from noon on."""
    return Grid(NOON, resolution, count)


def contribution(
    description: frbc.SystemDescription,
    *messages: object,
    level: float = 0.5,
    capacity_per_unit: float | None = None,
    lenient: bool = True,
    steps: Grid | None = None,
) -> Contribution:
    """Return what a device adds that said these messages."""
    control = FillRateControl(FillRateOptions(capacity_per_unit=capacity_per_unit, lenient=lenient))
    control.receive(description, NOON)
    control.receive(storage_status(level), NOON)
    for part in description.actuators:
        control.receive(actuator_status(part.id, part.operation_modes[0].id), NOON)
    for message in messages:
        control.receive(message, NOON)  # type: ignore[arg-type]
    return control.contribution(SENSORS, steps or grid(), NOON)


def one_mode(rate: tuple[float, float], watts: tuple[float, float]) -> frbc.SystemDescription:
    """Return a storage of 0 to 100 with a single mode."""
    return storage_description(
        actuator("battery", [mode("run", element((0, 100), rate, watts))]), levels=(0, 100)
    )


def number(value: object) -> float:
    """Return the number of a quantity."""
    assert isinstance(value, str)
    return float(value.removesuffix("%").split()[0])
