"""Which entities a flexible device of each kind has, and what those do that control it."""

from typing import Any
from unittest.mock import AsyncMock, Mock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from syrupy.assertion import SnapshotAssertion

from custom_components.flexmeasures.control import Mode
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.planner import Planner

from .controlled_home import ControlledHome, by_quarter
from .device_samples import device_id, home_of, sample_plan
from .device_stand_ins import Inverter, add_entities
from .planning import pass_time
from .shown_plans import NOON, ShownPlans, seven_past_noon
from .states import act, state_of
from .test_init import set_up

__all__ = ["seven_past_noon"]

BATTERY = device_id(DeviceKind.BATTERY)


@pytest.mark.parametrize("kind", DeviceKind)
async def test_a_device_has_the_entities_that_make_sense_for_its_kind(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    kind: DeviceKind,
    snapshot: SnapshotAssertion,
) -> None:
    entry = home_of(hass, client, kind)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan(stores=kind.stores_energy))

    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    shown = {
        entity.entity_id: told(hass, entity)
        for entity in sorted(registered, key=lambda each: each.entity_id)
        if entity.unique_id.startswith(device_id(kind))
    }
    assert shown == snapshot


def told(hass: HomeAssistant, entity: er.RegistryEntry) -> dict[str, Any]:
    """Return what is registered of an entity, and its state; of rows only how many there are."""
    state = hass.states.get(entity.entity_id)
    attributes = dict(state.attributes) if state else {}
    if "forecast" in attributes:
        attributes["forecast"] = f"{len(attributes['forecast'])} rows"
    return {
        "unique_id": entity.unique_id,
        "name": entity.original_name,
        "category": entity.entity_category,
        "disabled_by": entity.disabled_by,
        "state": state.state if state else None,
        "attributes": attributes,
    }


@pytest.fixture
async def home(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return a home with a battery that is to take 1 kW now."""
    entry = home_of(hass, client, DeviceKind.BATTERY)
    plans.plan = sample_plan()
    await set_up(hass, entry)
    await pass_time(hass, freezer, seconds=1)
    return entry


async def test_following_a_schedule_shows_what_control_does(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert state_of(hass, "switch.battery_follow_schedule") == "off"
    assert state_of(hass, "number.battery_power_setpoint") == "unknown"
    assert state_of(hass, "sensor.battery_control_status") == "idle"

    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")

    assert state_of(hass, "switch.battery_follow_schedule") == "on"
    setpoint = hass.states.get("number.battery_power_setpoint")
    assert setpoint
    assert setpoint.state == "1000.0"
    assert setpoint.attributes["source"] == "schedule"
    assert (setpoint.attributes["min"], setpoint.attributes["max"]) == (-4000, 5000)

    await act(hass, "switch", "turn_off", "switch.battery_follow_schedule")
    assert state_of(hass, "number.battery_power_setpoint") == "unknown"


async def test_a_setpoint_by_hand_says_until_when_it_holds(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    await act(hass, "number", "set_value", "number.battery_power_setpoint", value=-500)

    setpoint = hass.states.get("number.battery_power_setpoint")
    assert setpoint
    assert setpoint.state == "-500.0"
    assert setpoint.attributes["source"] == "override"
    assert setpoint.attributes["override_until"] == "2026-11-22T13:00:00+00:00"


async def test_a_mode_replaces_the_schedule(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    assert state_of(hass, "select.battery_mode") == "schedule"

    await act(hass, "select", "select_option", "select.battery_mode", option="discharge_now")

    assert state_of(hass, "select.battery_mode") == "discharge_now"
    assert state_of(hass, "number.battery_power_setpoint") == "-4000.0"
    assert home.runtime_data.controllers[BATTERY].mode is Mode.DISCHARGE_NOW


async def test_shadow_mode_shows_and_does_not_write(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await act(hass, "switch", "turn_on", "switch.battery_shadow_mode")
    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")

    assert state_of(hass, "switch.battery_shadow_mode") == "on"
    assert state_of(hass, "sensor.battery_control_status") == "shadow"
    assert state_of(hass, "number.battery_power_setpoint") == "1000.0"

    await act(hass, "switch", "turn_off", "switch.battery_shadow_mode")
    assert state_of(hass, "switch.battery_shadow_mode") == "off"


@pytest.mark.parametrize(
    ("kind", "entity_id", "method"),
    [
        (DeviceKind.BATTERY, "button.battery_reschedule", "async_reschedule"),
        (DeviceKind.PROCESS, "button.process_plan_a_run", "async_request_run"),
    ],
)
async def test_buttons_ask_the_planner(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    monkeypatch: pytest.MonkeyPatch,
    kind: DeviceKind,
    entity_id: str,
    method: str,
) -> None:
    asked = AsyncMock() if method == "async_reschedule" else Mock()
    monkeypatch.setattr(Planner, method, asked)
    entry = home_of(hass, client, kind)
    await set_up(hass, entry)

    await act(hass, "button", "press", entity_id)

    asked.assert_called_once()


async def test_a_person_s_change_can_be_seen_and_control_taken_back(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    hass_admin_user: MockUser,
    entity_registry_enabled_by_default: None,
) -> None:
    """From the plan to the inverter, and what people see on the way: nothing stands in for anything but the server."""
    freezer.move_to(NOON)
    inverter = Inverter("Inverter power")
    await add_entities(hass, "number", [inverter])
    client.trigger_and_get_schedule.side_effect = by_quarter(1000.0, -2000.0)
    home = ControlledHome(hass=hass, clock=freezer, client=client)
    await home.start({"suspension": 60})
    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    await home.until(5)

    assert state_of(hass, "sensor.battery_plan_status") == "planned"
    assert state_of(hass, "sensor.battery_scheduled_power") == "1000.0"
    assert state_of(hass, "sensor.battery_control_status") == "following"
    assert state_of(hass, "sensor.battery_writes_in_24_hours") == "1"
    assert state_of(hass, "button.battery_resume_control") == "unavailable"

    await home.act("number", "set_value", Context(user_id=hass_admin_user.id), value=2.5)
    status = hass.states.get("sensor.battery_control_status")
    event = hass.states.get("event.battery_plan_event")
    assert status
    assert event
    assert status.state == "suspended"
    assert status.attributes["suspended_until"] == "2026-11-22T13:05:00+00:00"
    assert event.attributes["event_type"] == "suspended"
    assert state_of(hass, "button.battery_resume_control") == "unknown"

    await home.until(20)
    await act(hass, "button", "press", "button.battery_resume_control")
    await home.until(21)

    assert inverter.values == [1, 2.5, -2]
    assert state_of(hass, "sensor.battery_control_status") == "following"
    assert state_of(hass, "button.battery_resume_control") == "unavailable"
    writes = hass.states.get("sensor.battery_writes_in_24_hours")
    assert writes
    assert writes.state == "2"
    assert writes.attributes["last_write"] == "2026-11-22T12:20:00+00:00"


async def test_what_following_the_plan_cost_is_counted(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """Prices are 12 EUR/kWh from noon on: a quarter-hour at 1 kW, less what passed before it was followed, costs 3 EUR."""
    freezer.move_to(NOON)
    await add_entities(hass, "number", [Inverter("Inverter power")])
    client.trigger_and_get_schedule.side_effect = by_quarter(1000.0, -2000.0)
    home = ControlledHome(hass=hass, clock=freezer, client=client)
    await home.start()
    assert state_of(hass, "sensor.battery_cost_today") == "unknown"

    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    await home.until(31)

    cost = hass.states.get("sensor.battery_cost_today")
    assert cost
    assert cost.attributes["unit_of_measurement"] == "EUR"
    # 5 s passed first; then a quarter-hour at -2 kW earned 6 EUR.
    assert float(cost.state) == pytest.approx(3 - 6 - 5 / 3600 * 12, abs=1e-3)
