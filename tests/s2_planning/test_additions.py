"""What S2 devices add to the request, and whether they would add the same again."""

from datetime import datetime
from typing import Any

import pytest

from custom_components.flexmeasures.s2.control_types import Series, SeriesKind, Span
from custom_components.flexmeasures.s2_instructor import shares
from custom_components.flexmeasures.s2_request import S2Request, joined_context

from .. import site
from ..planning import NOON, QUARTER

END = NOON + 4 * QUARTER
POWER = site.make_sensor(7, "power", "kW", 2)


def request(**changes: Any) -> S2Request:
    """Return what a battery adds."""
    said: dict[str, Any] = {
        "flex_models": ({"sensor": 7, "soc-at-start": "3 kWh", "soc-max": "10 kWh"},),
        "actuators": {"inverter": POWER},
        "context": {},
        "sensor_of": {SeriesKind.USAGE_FORECAST: 8},
    }
    return S2Request(**said | changes)


def window(start: datetime, end: datetime, value: str = "2 kWh") -> dict[str, str]:
    """Return a limit of a while."""
    return {"start": start.isoformat(), "end": end.isoformat(), "value": value}


def usage(*values: float | None, start: datetime = NOON) -> Series:
    """Return a forecast in kW."""
    return Series(kind=SeriesKind.USAGE_FORECAST, start=start, resolution=QUARTER, values=values)


def is_same(before: S2Request, after: S2Request, *, has_path: bool = True) -> bool:
    """Tell whether the second adds what the first did, from 12:15 on."""
    return after.is_same(before, NOON + QUARTER, END, has_path=has_path)


def test_lists_go_behind_those_of_the_site() -> None:
    added = [
        request(context={"inflexible-consumption": [{"sensor": 7}]}),
        request(context={"inflexible-consumption": [{"sensor": 8}]}),
    ]

    assert joined_context(added, None, {"inflexible-consumption": [{"sensor": 3}]}) == {
        "inflexible-consumption": [{"sensor": 3}, {"sensor": 7}, {"sensor": 8}]
    }
    assert joined_context(added[:1], {"consumption-price": "1 EUR/kWh"}, {}) == {
        "consumption-price": "1 EUR/kWh",
        "inflexible-consumption": [{"sensor": 7}],
    }
    assert joined_context([request()], None, {"x": [1]}) is None
    assert joined_context([], {}, {}) == {}


def test_a_fill_level_is_compared_where_no_path_tells_more() -> None:
    fuller = request(flex_models=({"sensor": 7, "soc-at-start": "4 kWh", "soc-max": "10 kWh"},))

    assert is_same(request(), fuller)
    assert not is_same(request(), fuller, has_path=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"flex_models": ({"sensor": 7, "soc-at-start": "3 kWh", "soc-max": "9 kWh"},)},
        {"flex_models": ()},
        {"actuators": {"other": POWER}},
        {"context": {"inflexible-consumption": [{"sensor": 9}]}},
        {"series": (usage(1.0, 1.0),)},
    ],
)
def test_whatever_else_is_described_otherwise_is_another_request(changes: dict[str, Any]) -> None:
    assert not is_same(request(), request(**changes))


def test_only_what_is_said_of_the_time_to_come_counts() -> None:
    def limited(*windows: dict[str, str]) -> S2Request:
        return request(flex_models=({"sensor": 7, "soc-minima": list(windows)},))

    before = limited(window(NOON, NOON + 2 * QUARTER))
    assert is_same(before, limited(window(NOON + QUARTER, NOON + 2 * QUARTER)))
    assert is_same(limited(window(NOON, NOON + QUARTER)), limited())
    assert not is_same(before, limited(window(NOON + QUARTER, NOON + 3 * QUARTER)))
    assert not is_same(before, limited(window(NOON, NOON + 2 * QUARTER, "3 kWh")))
    at = {"datetime": END.isoformat(), "value": "5 kWh"}
    assert not is_same(limited(at), limited())


def test_forecasts_are_compared_step_by_step() -> None:
    before = request(series=(usage(1.0, 2.0, 3.0, None),))

    # The step that has begun is forgotten in part, and what comes after the end was not known before.
    later = usage(2.0, 3.0, None, 9.0, start=NOON + QUARTER)
    assert is_same(before, request(series=(later,)))
    assert is_same(before, request(series=(usage(7.0, 2.0, 3.0),)))
    assert not is_same(before, request(series=(usage(1.0, 2.0, 4.0),)))


def test_what_the_server_reads_by_itself_may_change_without_a_word() -> None:
    by_sensor = {"sensor": 7, "production-capacity": {"sensor": 8}}

    assert request(flex_models=(by_sensor,)).reads_more
    assert not request(flex_models=(by_sensor,), series=(usage(1.0),)).reads_more
    assert not request(flex_models=({"sensor": 7, "state-of-charge": {"sensor": 9}},)).reads_more
    assert not request(flex_models=({"sensor": 7, "group": {"sensor": 9}},)).reads_more


def test_there_is_a_plan_for_what_the_server_plans_or_what_is_placed() -> None:
    assert request().is_planned
    assert request(actuators={}, placed=(0.0, 2000.0)).is_planned
    assert not request(actuators={}).is_planned


@pytest.mark.parametrize(
    ("power", "given"),
    [
        (2500.0, {"first": 2000.0, "second": 500.0}),
        (1500.0, {"first": 1500.0, "second": 0.0}),
        (-800.0, {"first": -500.0, "second": -300.0}),
        (9000.0, {"first": 2000.0, "second": 7000.0}),
    ],
)
def test_a_power_is_divided_in_the_order_of_the_actuators(
    power: float, given: dict[str, float]
) -> None:
    assert shares(power, {"first": Span(-500, 2000), "second": Span(-400, 3000)}) == given


def test_a_device_without_actuators_gets_the_whole_power() -> None:
    assert shares(700.0, {"": Span(0, 1000)}) == {"": 700.0}
    assert shares(700.0, {}) == {"": 700.0}
