"""Events, triggers and conditions: what automations learn of a plan, each once and in order."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.condition import async_from_config, async_validate_condition_config
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.flexmeasures.condition import CONDITIONS
from custom_components.flexmeasures.control import Notice, NoticeKind
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_events import PlanEventType
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.scheduling import EnergyTarget, StorageState
from custom_components.flexmeasures.trigger import TRIGGERS

from .device_samples import HOUR, POWERS, home_of, sample_plan
from .repository import in_yaml
from .shown_plans import NOON, ShownPlans
from .test_flexible_device import act
from .test_init import set_up
from .test_plan_entities import at

EVENTS = "event.battery_plan_event"


@pytest.fixture(autouse=True)
async def seven_past_noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into the plan, in a home in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def home(hass: HomeAssistant, client: AsyncMock, plans: ShownPlans) -> MockConfigEntry:
    """Return a home with a battery whose plan was there before."""
    plans.plan = sample_plan()
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    return entry


@pytest.fixture
def changes(hass: HomeAssistant) -> list[Event[EventStateChangedData]]:
    """Return the changes of states, as they come."""
    return async_capture_events(hass, EVENT_STATE_CHANGED)


def happened(changes: list[Event[EventStateChangedData]]) -> list[str]:
    """Return what the battery's event entity told, in order, and forget it."""
    told = [
        str(event.data["new_state"].attributes["event_type"])
        for event in changes
        if event.data["entity_id"] == EVENTS and event.data["new_state"]
    ]
    changes.clear()
    return told


async def test_what_was_so_before_the_start_has_not_happened(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    state = hass.states.get(EVENTS)
    assert state
    assert state.state == "unknown"


async def test_blocks_start_and_end_once_each(
    hass: HomeAssistant,
    home: MockConfigEntry,
    changes: list[Event[EventStateChangedData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    await at(hass, freezer, NOON + timedelta(minutes=15))
    assert happened(changes) == []

    await at(hass, freezer, NOON + HOUR)
    assert happened(changes) == ["block_ended", "block_started"]
    state = hass.states.get(EVENTS)
    assert state
    assert state.attributes["kind"] == "idle"
    assert state.attributes["power"] == 0.0

    await at(hass, freezer, NOON + 2 * HOUR)
    assert happened(changes) == ["block_ended", "block_started"]
    state = hass.states.get(EVENTS)
    assert state
    assert (state.attributes["kind"], state.attributes["power"]) == ("discharge", -2000.0)
    assert state.attributes["start"] == "2026-11-22T14:00:00+00:00"
    assert state.attributes["end"] == "2026-11-22T15:00:00+00:00"

    await at(hass, freezer, NOON + 3 * HOUR)
    assert happened(changes) == ["block_ended"]


async def test_a_new_plan_that_goes_on_with_the_block_starts_none(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    changes: list[Event[EventStateChangedData]],
) -> None:
    await plans.show(hass, home, sample_plan((1000.4, *POWERS), job="next"))

    assert happened(changes) == ["schedule_received"]
    state = hass.states.get(EVENTS)
    assert state
    assert state.attributes["cause"] == "period"
    assert state.attributes["valid_until"] == "2026-11-22T15:15:00+00:00"
    assert state.attributes["energy"] == -0.75

    await plans.show(hass, home, sample_plan((2000.0, *POWERS), job="another"))
    assert happened(changes) == ["schedule_received", "block_ended", "block_started"]


async def test_an_unknown_step_is_no_block(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    changes: list[Event[EventStateChangedData]],
) -> None:
    await plans.show(hass, home, sample_plan((None, None), job="holes"))
    assert happened(changes) == ["schedule_received", "block_ended"]


async def test_the_server_is_away_once_however_often_it_is_tried(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    changes: list[Event[EventStateChangedData]],
) -> None:
    plan = sample_plan()
    for status in (
        PlanStatus.SERVER_AWAY,
        PlanStatus.COMPUTING,
        PlanStatus.SERVER_AWAY,
        PlanStatus.TARGET_MISSED,
        PlanStatus.COMPUTING,
        PlanStatus.TARGET_MISSED,
        PlanStatus.PLANNED,
        PlanStatus.SERVER_AWAY,
    ):
        await plans.show(hass, home, plan, status, "it does not answer")

    assert happened(changes) == ["server_away", "target_missed", "server_away"]
    state = hass.states.get(EVENTS)
    assert state
    assert state.attributes["reason"] == "it does not answer"


@pytest.mark.parametrize("kind", NoticeKind)
async def test_every_notice_of_control_is_an_event(
    hass: HomeAssistant, home: MockConfigEntry, kind: NoticeKind
) -> None:
    notice(hass, home, kind)

    state = hass.states.get(EVENTS)
    assert state
    assert state.attributes["event_type"] == kind
    assert kind in state.attributes["event_types"]


def notice(hass: HomeAssistant, home: MockConfigEntry, kind: NoticeKind) -> None:
    """Let control of the battery notice something."""
    (controller,) = home.runtime_data.controllers.values()
    controller._runner._async_perform(Notice(kind))


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the runs of automations, as they come."""
    return async_mock_service(hass, "test", "automation")


async def automate(hass: HomeAssistant, trigger: dict[str, Any]) -> None:
    """Make an automation with the trigger."""
    await async_setup_component(
        hass,
        "automation",
        {"automation": {"triggers": [trigger], "actions": [{"action": "test.automation"}]}},
    )
    await hass.async_block_till_done()


def device_of(hass: HomeAssistant, home: MockConfigEntry) -> str:
    """Return the battery's device."""
    entity = er.async_get(hass).async_get(EVENTS)
    assert entity
    assert entity.device_id
    assert entity.device_id in {
        device.id for device in dr.async_entries_for_config_entry(dr.async_get(hass), home.entry_id)
    }
    return entity.device_id


async def test_a_trigger_fires_for_its_event_of_a_targeted_device(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    calls: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    target = {"device_id": device_of(hass, home)}
    await automate(hass, {"trigger": "flexmeasures.schedule_received", "target": target})

    await at(hass, freezer, NOON + HOUR)
    assert calls == []

    await plans.show(hass, home, sample_plan((0.0,) * 20, job="next"))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("trigger", "options", "fired"),
    [
        ("block_started", {}, 2),
        ("block_started", {"kind": "discharge"}, 1),
        ("block_started", {"kind": ["charge"]}, 0),
        ("block_ended", {"kind": ["charge", "idle"]}, 2),
    ],
)
async def test_triggers_of_blocks_can_be_for_some_kinds(
    hass: HomeAssistant,
    home: MockConfigEntry,
    calls: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    trigger: str,
    options: dict[str, Any],
    fired: int,
) -> None:
    target = {"entity_id": EVENTS}
    await automate(
        hass, {"trigger": f"flexmeasures.{trigger}", "target": target, "options": options}
    )

    await at(hass, freezer, NOON + HOUR)
    await at(hass, freezer, NOON + 2 * HOUR)

    assert len(calls) == fired


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ("not_following", NoticeKind.NOT_FOLLOWING),
        ("control_suspended", NoticeKind.SUSPENDED),
    ],
)
async def test_triggers_of_control(
    hass: HomeAssistant,
    home: MockConfigEntry,
    calls: list[ServiceCall],
    trigger: str,
    kind: NoticeKind,
) -> None:
    await automate(hass, {"trigger": f"flexmeasures.{trigger}", "target": {"entity_id": EVENTS}})

    notice(hass, home, NoticeKind.FOLLOWING_AGAIN)
    notice(hass, home, kind)
    await hass.async_block_till_done()

    assert len(calls) == 1


@pytest.mark.parametrize(
    ("trigger", "status"),
    [
        ("server_away", PlanStatus.SERVER_AWAY),
        ("target_missed", PlanStatus.TARGET_MISSED),
    ],
)
async def test_triggers_of_the_plan_s_status(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    calls: list[ServiceCall],
    trigger: str,
    status: PlanStatus,
) -> None:
    await automate(hass, {"trigger": f"flexmeasures.{trigger}", "target": {"entity_id": EVENTS}})

    await plans.show(hass, home, sample_plan(), status)

    assert len(calls) == 1


async def test_event_entities_of_others_fire_nothing(
    hass: HomeAssistant, home: MockConfigEntry, calls: list[ServiceCall]
) -> None:
    hass.states.async_set("event.doorbell", "2026-11-22T12:00:00.000+00:00")
    await automate(
        hass,
        {"trigger": "flexmeasures.schedule_received", "target": {"entity_id": "event.doorbell"}},
    )

    hass.states.async_set(
        "event.doorbell", "2026-11-22T12:07:00.000+00:00", {"event_type": "schedule_received"}
    )
    await hass.async_block_till_done()

    assert calls == []


async def holds(hass: HomeAssistant, home: MockConfigEntry, condition: str) -> bool | None:
    """Return whether the condition holds for the battery's device."""
    config = await async_validate_condition_config(
        hass,
        {
            "condition": f"flexmeasures.{condition}",
            "target": {"device_id": device_of(hass, home)},
        },
    )
    checker = await async_from_config(hass, config)
    result = checker.async_check()
    checker.async_unload()
    return result


async def test_conditions_of_what_is_planned_now(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    told = {}
    for hours in (0.5, 1.5, 2.5, 3.5):
        await at(hass, freezer, NOON + hours * HOUR)
        told[hours] = (
            await holds(hass, home, "is_charging_planned"),
            await holds(hass, home, "is_discharging_planned"),
        )

    assert told == {
        0.5: (True, False),
        1.5: (False, False),
        2.5: (False, True),
        3.5: (False, False),
    }


async def test_whether_a_device_follows_its_schedule(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert await holds(hass, home, "follows_schedule") is False

    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    assert await holds(hass, home, "follows_schedule") is True

    await act(hass, "select", "select_option", "select.battery_mode", option="pause")
    assert await holds(hass, home, "follows_schedule") is False


async def test_whether_the_target_is_reachable(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    assert await holds(hass, home, "is_target_reachable") is False

    wanted = StorageState(stored_energy=3.5, targets=(EnergyTarget(NOON + 2 * HOUR, 4.5),))
    await plans.show(hass, home, sample_plan(state=wanted))

    assert await holds(hass, home, "is_target_reachable") is True


@pytest.mark.parametrize(
    ("file", "offered"), [("triggers.yaml", TRIGGERS), ("conditions.yaml", CONDITIONS)]
)
def test_what_the_editor_offers_is_what_there_is(file: str, offered: dict[str, object]) -> None:
    described = {name for name in in_yaml(file) if not name.startswith(".")}

    assert described == offered.keys()


def test_every_notice_has_its_event() -> None:
    assert {*NoticeKind} <= {*map(str, PlanEventType)}
