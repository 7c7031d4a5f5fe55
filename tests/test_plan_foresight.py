"""What sensors foresee for a device: the server plans with it, and what we expect of the plan agrees."""

from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.client import SensorData

from . import site
from .planning import (
    LEVEL,
    SOLAR_FORECAST,
    asked,
    battery,
    home,
    id_of,
    just_past_noon,
    pass_time,
    percent,
    plan_home,
    planner_of,
    triggers,
)

__all__ = ["home", "just_past_noon"]

# Any sensor of power that is there anyway.
FLOW = SOLAR_FORECAST
LOSSLESS = {"roundtrip_efficiency": 100}


@pytest.fixture
def foreseen(client: AsyncMock) -> list[float | None]:
    """Return what the sensor knows of the next steps, in kW; a test fills it in."""
    values: list[float | None] = []
    read = client.get_sensor_data.side_effect

    async def answer(sensor_id: int, **asked: Any) -> SensorData:
        told: SensorData = await read(sensor_id, **asked)
        if sensor_id != FLOW:
            return told
        assert (asked["unit"], asked["resolution"]) == ("kW", site.QUARTER)
        rest = len(told.values) - len(values)
        return replace(told, values=(*values, *[None] * rest))

    client.get_sensor_data.side_effect = answer
    return values


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        # A quarter-hour at 1 kW adds 0.25 kWh to 3.5 kWh; 2 kW of usage take 0.5 kWh, the next step none.
        ({"usage_sensor": FLOW}, (3.5, 3.25, 3.5)),
        ({"gain_sensor": FLOW}, (3.5, 4.25, 4.5)),
        ({"usage_sensor": FLOW, "gain": 0.4}, (3.5, 3.35, 3.7)),
        ({"usage_sensor": FLOW, "gain_sensor": FLOW}, (3.5, 3.75, 4.0)),
    ],
)
async def test_the_expected_energy_counts_what_sensors_foresee(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    foreseen: list[float | None],
    flows: dict[str, float],
    expected: tuple[float, ...],
) -> None:
    """What a sensor does not know is nothing, as the server takes it."""
    foreseen.append(2.0)
    client.trigger_and_get_schedule.side_effect = site.plan(1000.0, 1000.0)
    percent(hass, LEVEL, 35)

    entry = await plan_home(hass, client, freezer, battery(**LOSSLESS, **flows))

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan is not None
    assert plan.energies[:3] == pytest.approx(expected)
    model = asked(client)["flex_model"][0]
    assert model.get("soc-usage", [{}])[-1] == ({"sensor": FLOW} if "usage_sensor" in flows else {})


async def test_what_is_foreseen_may_change_without_a_word(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    foreseen: list[float | None],
) -> None:
    """So the server is asked every period, unlike for a battery that nothing is foreseen for."""
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    percent(hass, LEVEL, 35)
    await plan_home(hass, client, freezer, battery(usage_sensor=FLOW))
    before = triggers(client)

    await pass_time(hass, freezer, minutes=17)

    assert triggers(client) == before + 1


async def test_without_such_a_sensor_nothing_is_read_for_a_battery(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    percent(hass, LEVEL, 35)
    await plan_home(hass, client, freezer, battery(usage=0.1, gain=0.2))
    model = asked(client)["flex_model"][0]
    before = triggers(client)

    await pass_time(hass, freezer, minutes=17)

    assert (model["soc-usage"], model["soc-gain"]) == (["0.1 kW"], ["0.2 kW"])
    assert triggers(client) == before
