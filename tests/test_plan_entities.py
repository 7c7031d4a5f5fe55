"""What people see of a plan: every number with its unit and sign, at every moment."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import PlanState, PlanStatus, Savings
from custom_components.flexmeasures.scheduling import (
    EnergyTarget,
    Finding,
    FindingCode,
    Missed,
    MissedLimit,
    Severity,
    StorageState,
)

from .device_samples import HOUR, device_id, home_of, sample_plan
from .shown_plans import NOON, ShownPlans
from .states import act, state_of
from .test_init import set_up

BATTERY = device_id(DeviceKind.BATTERY)


@pytest.fixture(autouse=True)
async def seven_past_noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into the plan, in a home in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def home(hass: HomeAssistant, client: AsyncMock, plans: ShownPlans) -> MockConfigEntry:
    """Return a home with a battery that has no plan yet."""
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    return entry


async def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: datetime) -> None:
    """Let it be this time."""
    freezer.move_to(time)
    async_fire_time_changed(hass, time)
    await hass.async_block_till_done()


def shown(hass: HomeAssistant, entity_id: str) -> State:
    """Return what an entity of the battery shows."""
    domain, key = entity_id.split(".")
    state = hass.states.get(f"{domain}.battery_{key}")
    assert state, entity_id
    return state


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


async def test_the_status_has_its_reason_and_a_problem_is_one(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan(), PlanStatus.SERVER_AWAY, "it does not answer")

    status = shown(hass, "sensor.plan_status")
    assert status.state == "server_away"
    assert status.attributes["reason"] == "it does not answer"
    assert status.attributes["since"] == "2026-11-22T12:00:00+00:00"
    assert shown(hass, "binary_sensor.problem").state == "on"
    assert shown(hass, "binary_sensor.problem").attributes["reason"] == "it does not answer"
    assert shown(hass, "sensor.scheduled_power").attributes["problem"] == "it does not answer"
    # What is planned stays to be seen.
    assert shown(hass, "sensor.scheduled_power").state == "1000.0"

    await plans.show(hass, home, sample_plan(), PlanStatus.DEVICE_AWAY)
    assert shown(hass, "binary_sensor.problem").state == "off"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "unknown"),
        (
            {
                "state": StorageState(
                    stored_energy=3.5, targets=(EnergyTarget(NOON + 2 * HOUR, 4.5),)
                )
            },
            "on",
        ),
        (
            {"missed": (Missed(MissedLimit.TARGET, NOON + 2 * HOUR, 5.0, 4.5, 0.5, 0.05),)},
            "off",
        ),
        (
            {"findings": (Finding(FindingCode.TARGET_UNREACHABLE, Severity.WARNING, {}),)},
            "off",
        ),
        ({"findings": (Finding(FindingCode.PRICES_END_EARLY, Severity.NOTICE, {}),)}, "unknown"),
    ],
)
async def test_whether_the_target_is_reached(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    facts: dict[str, Any],
    expected: str,
) -> None:
    await plans.show(hass, home, sample_plan(**facts))

    assert shown(hass, "binary_sensor.target_reachable").state == expected


async def test_what_is_missed_is_told_in_numbers(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    missed = Missed(MissedLimit.TARGET, NOON + 2 * HOUR, 5.0, 4.5, 0.5, 0.05)
    await plans.show(hass, home, sample_plan(missed=(missed,)), PlanStatus.TARGET_MISSED)

    assert shown(hass, "binary_sensor.target_reachable").attributes["missed"] == [
        {
            "limit": "soc-targets",
            "time": "2026-11-22T14:00:00+00:00",
            "wanted": 5.0,
            "expected": 4.5,
            "difference": 0.5,
            "percentage": 5.0,
        }
    ]
    assert shown(hass, "binary_sensor.problem").attributes["reason"] == "target_missed"


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


async def test_wishes_are_shown_taken_and_kept(hass: HomeAssistant, home: MockConfigEntry) -> None:
    assert shown(hass, "number.target_state_of_charge").state == "unknown"
    assert shown(hass, "number.keep_at_least").state == "0.0"
    assert shown(hass, "number.keep_at_most").state == "100.0"
    assert shown(hass, "time.ready_by").state == "unknown"

    target = "number.battery_target_state_of_charge"
    await act(hass, "number", "set_value", target, value=80)
    await act(hass, "number", "set_value", "number.battery_keep_at_least", value=20)
    await act(hass, "number", "set_value", "number.battery_keep_at_most", value=90)
    await act(hass, "time", "set_value", "time.battery_ready_by", time="07:00:00")

    wishes = home.runtime_data.wishes.of(BATTERY)
    assert (wishes.target, wishes.keep_at_least, wishes.keep_at_most) == (80, 20, 90)
    assert str(wishes.ready_by) == "07:00:00"
    assert state_of(hass, target) == "80.0"
    assert state_of(hass, "time.battery_ready_by") == "07:00:00"


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [("keep_at_least", 95, "95 %"), ("keep_at_most", 10, "10 %")],
)
async def test_limits_that_leave_nothing_between_them_are_refused(
    hass: HomeAssistant, home: MockConfigEntry, key: str, value: float, error: str
) -> None:
    await act(hass, "number", "set_value", "number.battery_keep_at_least", value=20)
    await act(hass, "number", "set_value", "number.battery_keep_at_most", value=90)

    with pytest.raises(ServiceValidationError, match=error):
        await act(hass, "number", "set_value", f"number.battery_{key}", value=value)

    wishes = home.runtime_data.wishes.of(BATTERY)
    assert (wishes.keep_at_least, wishes.keep_at_most) == (20, 90)


async def test_the_calendar_has_the_block_that_goes_on_or_the_next_one(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan())
    told = {}
    for minutes in (7, 59, 60, 120, 180):
        await at(hass, freezer, NOON + timedelta(minutes=minutes))
        state = shown(hass, "calendar.schedule")
        told[minutes] = (state.state, state.attributes.get("message"))

    assert told == {
        7: ("on", "Charge 1 kW, 0.10 EUR/kWh"),
        59: ("on", "Charge 1 kW, 0.10 EUR/kWh"),
        60: ("off", "Discharge 2 kW, 0.40 EUR/kWh"),
        120: ("on", "Discharge 2 kW, 0.40 EUR/kWh"),
        180: ("off", None),
    }


async def test_the_calendar_lists_the_blocks_of_a_time(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan())

    async def listed(start: datetime, end: datetime) -> list[dict[str, str]]:
        answer = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": "calendar.battery_schedule",
                "start_date_time": start.isoformat(),
                "end_date_time": end.isoformat(),
            },
            blocking=True,
            return_response=True,
        )
        assert answer
        events: Any = answer["calendar.battery_schedule"]
        return list(events["events"])

    assert await listed(NOON, NOON + 24 * HOUR) == [
        {
            "start": "2026-11-22T12:00:00+00:00",
            "end": "2026-11-22T13:00:00+00:00",
            "summary": "Charge 1 kW, 0.10 EUR/kWh",
        },
        {
            "start": "2026-11-22T14:00:00+00:00",
            "end": "2026-11-22T15:00:00+00:00",
            "summary": "Discharge 2 kW, 0.40 EUR/kWh",
        },
    ]
    assert await listed(NOON + HOUR, NOON + 2 * HOUR) == []
    assert len(await listed(NOON + timedelta(minutes=59), NOON + HOUR)) == 1


async def test_texts_of_the_calendar_are_in_the_home_s_language(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    hass.config.language = "nl"
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan())

    (calendar,) = hass.states.async_all("calendar")
    assert calendar.attributes["message"] == "Laden 1 kW, 0.10 EUR/kWh"


@pytest.mark.parametrize(
    ("kind", "powers", "message"),
    [
        (DeviceKind.EV_CHARGER, (3700.0,), "Charge 3.7 kW, 0.10 EUR/kWh"),
        (DeviceKind.HEAT_BUFFER, (1234.0,), "Heat 1.23 kW, 0.10 EUR/kWh"),
        (DeviceKind.SOLAR, (-999.0,), "Produce 999 W, 0.05 EUR/kWh"),
        (DeviceKind.PROCESS, (2000.0,), "Run 2 kW, 0.10 EUR/kWh"),
        (DeviceKind.GENERIC, (2000.0,), "Consume 2 kW, 0.10 EUR/kWh"),
    ],
)
async def test_what_a_device_does_is_called_by_what_it_is(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    kind: DeviceKind,
    powers: tuple[float, ...],
    message: str,
) -> None:
    entry = home_of(hass, client, kind)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan(powers, stores=False))

    (calendar,) = hass.states.async_all("calendar")
    assert calendar.attributes["message"] == message


async def test_entities_stay_available_while_the_server_is_away(
    hass: HomeAssistant, home: MockConfigEntry, client: AsyncMock, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan())
    home.runtime_data.inventory.async_set_update_error(TimeoutError())
    await hass.async_block_till_done()

    registry = er.async_get(hass)
    shown_now = {
        entity.entity_id: state.state
        for entity in er.async_entries_for_config_entry(registry, home.entry_id)
        if entity.unique_id.startswith(BATTERY) and (state := hass.states.get(entity.entity_id))
    }
    assert len(shown_now) > 15
    away = {entity_id for entity_id, state in shown_now.items() if state == "unavailable"}
    # This one is only there to take control back.
    assert away == {"button.battery_resume_control"}
    assert dt_util.utcnow() == NOON + timedelta(minutes=7)


async def test_people_read_in_their_language_why_there_is_no_plan(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    hass.config.language = "nl"
    plans.state = PlanState(
        PlanStatus.FAILED,
        NOON,
        HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="no_schedule",
            translation_placeholders={"device": "Battery"},
        ),
    )
    home = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, home)

    registry = er.async_get(hass)
    told = []
    for domain, key in (("sensor", "plan_status"), ("binary_sensor", "problem")):
        entity_id = registry.async_get_entity_id(domain, DOMAIN, f"{BATTERY}_{key}")
        state = entity_id and hass.states.get(entity_id)
        assert state
        told.append(state.attributes["reason"])
    device = dr.async_entries_for_config_entry(dr.async_get(hass), home.entry_id)
    battery = next(each.id for each in device if each.name == "Battery")
    answer = await hass.services.async_call(
        DOMAIN, "get_schedule", {"device_id": battery}, blocking=True, return_response=True
    )
    assert answer
    told.append(answer["reason"])

    assert told == ["FlexMeasures antwoordde zonder planning voor Battery."] * 3
