"""How it stands with a plan: its status with its reason, targets, what is missed, and what people wish."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import PlanState, PlanStatus
from custom_components.flexmeasures.scheduling import (
    EnergyTarget,
    Finding,
    FindingCode,
    Missed,
    MissedLimit,
    Severity,
    StorageState,
)

from ..device_samples import HOUR, home_of, sample_plan
from ..shown_plans import NOON, ShownPlans
from ..states import act, state_of
from ..test_init import set_up
from .battery import BATTERY, shown


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
