"""Several actuators on one storage on a real server: what people let them have together holds in the plan."""

from collections.abc import Mapping, Sequence
import math

import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    FillRateControl,
    FillRateOptions,
    Grid,
    Sensors,
    Span,
)
from custom_components.flexmeasures.s2.control_types.quantities import FlexModel
from custom_components.flexmeasures.s2.messages import frbc

from ...s2.control_types.samples import (
    actuator,
    actuator_status,
    element,
    mode,
    storage_description,
    storage_status,
)
from ..client.conftest import QUARTER
from .conftest import Home

# A unit of fill level is a kWh: 2 kW fill two in an hour.
FULL_RATE = 2 / 3600


def heater(name: str, least: float) -> frbc.ActuatorDescription:
    """Return a heater of 2 kW that does not run below a least power in W."""
    rate = FULL_RATE * least / 2000
    return actuator(name, [mode("on", element((0, 100), (rate, FULL_RATE), (least, 2000)))])


async def watts_of_two(
    home: Home, limits: Span, *, least: float = 0.0
) -> Mapping[str, list[float]]:
    """Return the W of each hour of two heaters that have to store 6 kWh, and of both together as the server has it."""
    asset, total, energy = await home.device("Boiler")
    names = ("first", "second")
    sensors = Sensors(
        power={name: (await home.sensor(name, asset=asset.id)).id for name in names},
        stored_energy=energy,
        total_power=total,
    )
    control = FillRateControl(FillRateOptions(limits=limits))
    heaters = (heater(name, least) for name in names)
    control.receive(
        storage_description(*heaters, levels=(0, 100), valid_from=home.start), home.start
    )
    control.receive(storage_status(0), home.start)
    for name in names:
        control.receive(actuator_status(name, "on"), home.start)
    models = control.contribution(sensors, Grid(home.start, QUARTER, 24), home.start).flex_models

    def wanted(model: FlexModel) -> FlexModel:
        if "soc-at-start" not in model:
            return model
        return {**model, "soc-minima": [{"datetime": home.end.isoformat(), "value": "6 kWh"}]}

    result, schedules = await home.plan(*map(wanted, models))
    told = {each.sensor_id: plan for each, plan in zip(result.schedules, schedules, strict=True)}
    stored = await home.client.get_sensor_data(
        total, start=home.start, duration=home.end - home.start, unit="W"
    )
    return {
        **{name: by_hour(told[number].powers) for name, number in sensors.power.items()},
        "stored": by_hour(stored.values),
    }


def by_hour(powers: Sequence[float | None]) -> list[float]:
    """Return the mean of each hour; not a number where one of its quarters has none."""
    known = [math.nan if power is None else power for power in powers]
    return [sum(known[index : index + 4]) / 4 for index in range(0, len(known), 4)]


async def test_two_heaters_keep_a_limit_together(home: Home) -> None:
    """The third hour is the cheapest, the fourth the next; alone each could take 2 kW in both."""
    watts = await watts_of_two(home, Span(0.0, 3000.0))

    together = [a + b for a, b in zip(watts["first"], watts["second"], strict=True)]
    assert together == pytest.approx([0, 0, 3000, 3000, 0, 0], abs=0.1)
    # The server keeps what both take together, as production, which is what its sensors have unless told otherwise.
    assert watts["stored"] == pytest.approx([-power for power in together], abs=0.1)


async def test_two_heaters_without_a_limit_take_what_they_can(home: Home) -> None:
    watts = await watts_of_two(home, UNGUARDED)

    together = [a + b for a, b in zip(watts["first"], watts["second"], strict=True)]
    assert together == pytest.approx([0, 0, 4000, 2000, 0, 0], abs=0.1)
    assert watts["stored"] == pytest.approx([math.nan] * 6, nan_ok=True)


async def test_what_cannot_be_off_has_a_plan_beyond_the_limit(home: Home) -> None:
    """Both together take no less than 3.2 kW; the others' plans must not fall with them."""
    watts = await watts_of_two(home, Span(0.0, 3000.0), least=1600.0)

    assert watts["first"] == pytest.approx([1600.0] * 6, abs=0.1)
    assert watts["second"] == pytest.approx([1600.0] * 6, abs=0.1)
