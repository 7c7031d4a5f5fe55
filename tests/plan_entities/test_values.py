"""What people see of a plan: every number with its unit and sign, at every moment."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flexmeasures.plan_models import PlanStatus, Savings

from ..device_samples import HOUR, sample_plan
from ..shown_plans import NOON, ShownPlans, at
from .battery import BATTERY, shown


def changed(hass: HomeAssistant, changes: list[Event[EventStateChangedData]]) -> set[str]:
    """Return which entities of the flexible device changed."""
    registry = er.async_get(hass)
    return {
        entity.entity_id
        for event in changes
        if (entity := registry.async_get(event.data["entity_id"]))
        and entity.unique_id.startswith(BATTERY)
    }


async def test_before_the_first_plan_nothing_is_known_and_the_status_says_so(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    for key in ("scheduled_power", "expected_state_of_charge", "next_change", "expected_cost"):
        assert shown(hass, f"sensor.{key}").state == "unknown"
    assert shown(hass, "sensor.plan_status").state == "waiting"
    assert shown(hass, "calendar.schedule").state == "off"
    assert shown(hass, "binary_sensor.problem").state == "off"
    assert shown(hass, "binary_sensor.target_reachable").state == "unknown"


async def test_the_plan_is_told_at_every_moment(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan())

    told = {}
    for minutes in (7, 60, 119, 120, 180):
        await at(hass, freezer, NOON + timedelta(minutes=minutes))
        told[minutes] = tuple(
            shown(hass, f"sensor.{key}").state
            for key in ("scheduled_power", "next_power", "next_change")
        )

    assert told == {
        7: ("1000.0", "0.0", "2026-11-22T13:00:00+00:00"),
        60: ("0.0", "-2000.0", "2026-11-22T14:00:00+00:00"),
        119: ("0.0", "-2000.0", "2026-11-22T14:00:00+00:00"),
        120: ("-2000.0", "unknown", "unknown"),
        180: ("unknown", "unknown", "unknown"),
    }


async def test_the_expected_state_of_charge_is_a_percentage_between_the_borders_of_steps(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan())

    state = shown(hass, "sensor.expected_state_of_charge")
    # 35 % at noon and 45 % an hour later: 35 + 10 * 7 / 60.
    assert state.state == "36.2"
    assert state.attributes["unit_of_measurement"] == "%"
    assert state.attributes["forecast"][0] == {"time": "2026-11-22T12:15:00+00:00", "value": 37.5}
    assert state.attributes["forecast"][-1] == {"time": "2026-11-22T15:00:00+00:00", "value": 25.0}

    await at(hass, freezer, NOON + 2 * HOUR)
    assert shown(hass, "sensor.expected_state_of_charge").state == "45.0"


async def test_rows_are_those_to_come_in_local_time(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan((*(1000.0,) * 4, None, -2000.0)))
    await at(hass, freezer, NOON + timedelta(minutes=45))

    assert shown(hass, "sensor.scheduled_power").attributes["forecast"] == [
        {"start": "2026-11-22T12:45:00+00:00", "end": "2026-11-22T13:00:00+00:00", "value": 1000.0},
        {
            "start": "2026-11-22T13:15:00+00:00",
            "end": "2026-11-22T13:30:00+00:00",
            "value": -2000.0,
        },
    ]


async def test_a_plan_that_expires_before_its_last_step_is_shown_no_longer(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan(expires=NOON + HOUR))
    assert shown(hass, "sensor.scheduled_power").state == "1000.0"

    await at(hass, freezer, NOON + HOUR)

    assert shown(hass, "sensor.scheduled_power").state == "unknown"
    assert shown(hass, "calendar.schedule").state == "off"


async def test_a_plan_that_is_withdrawn_is_gone(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan())
    await plans.show(hass, home, None, PlanStatus.NOTHING_TO_PLAN)

    assert shown(hass, "sensor.scheduled_power").state == "unknown"
    assert "forecast" not in shown(hass, "sensor.scheduled_power").attributes
    assert shown(hass, "sensor.expected_state_of_charge").attributes["forecast"] == []
    assert shown(hass, "sensor.next_change").state == "unknown"


async def test_a_plan_that_begins_later_is_announced(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan((500.0, 500.0), start=NOON + HOUR, tariff=None))

    assert shown(hass, "sensor.scheduled_power").state == "unknown"
    assert shown(hass, "sensor.next_power").state == "500.0"
    assert shown(hass, "sensor.next_change").state == "2026-11-22T13:00:00+00:00"
    assert shown(hass, "calendar.schedule").attributes["message"] == "Charge 500 W"


async def test_cost_is_negative_for_what_is_earned_and_in_the_currency_of_the_prices(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan())

    cost = shown(hass, "sensor.expected_cost")
    assert float(cost.state) == pytest.approx(0.10 - 2 * 0.40)
    assert cost.attributes["unit_of_measurement"] == "EUR"
    assert cost.attributes["device_class"] == "monetary"
    assert cost.attributes["until"] == "2026-11-22T15:00:00+00:00"
    assert "state_class" not in cost.attributes


async def test_without_prices_no_cost_is_made_up(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan(tariff=None))

    assert shown(hass, "sensor.expected_cost").state == "unknown"
    assert shown(hass, "sensor.saving_today").state == "unknown"


async def test_a_saving_that_is_not_known_is_not_shown_as_none(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    """As of panels without a forecast."""
    plans.savings = Savings(currency="EUR", saving_today=None)
    await plans.show(hass, home, sample_plan())

    assert shown(hass, "sensor.saving_today").state == "unknown"
    assert shown(hass, "sensor.saving_this_month").state == "0.0"


async def test_amounts_count_from_the_local_day_and_month(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    plans.savings = Savings(
        currency="EUR",
        cost_today=-0.3,
        cost_this_month=4.0,
        saving_today=0.45678,
        saving_this_month=12.5,
    )
    await plans.show(hass, home, sample_plan())

    told: dict[str, tuple[str, Any]] = {
        key: (
            shown(hass, f"sensor.{key}").state,
            shown(hass, f"sensor.{key}").attributes["last_reset"],
        )
        for key in ("cost_today", "cost_this_month", "saving_today", "saving_this_month")
    }
    assert told == {
        "cost_today": ("-0.3", "2026-11-22T00:00:00+00:00"),
        "cost_this_month": ("4.0", "2026-11-01T00:00:00+00:00"),
        "saving_today": ("0.4568", "2026-11-22T00:00:00+00:00"),
        "saving_this_month": ("12.5", "2026-11-01T00:00:00+00:00"),
    }
    assert shown(hass, "sensor.saving_today").attributes["state_class"] == "total"


async def test_a_state_is_written_only_when_it_or_the_step_changes(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    plan = sample_plan()
    await plans.show(hass, home, plan)
    await at(hass, freezer, NOON + timedelta(minutes=8))
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)

    for minute in range(9, 15):
        freezer.move_to(NOON + timedelta(minutes=minute))
        await plans.show(hass, home, plan)
    assert changed(hass, changes) == set()

    await at(hass, freezer, NOON + timedelta(minutes=15))
    assert changed(hass, changes) == {
        "sensor.battery_expected_state_of_charge",
        "sensor.battery_scheduled_power",
    }
