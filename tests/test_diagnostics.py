"""What people may send to others when something goes wrong."""

import json
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import PlanState, PlanStatus
from custom_components.flexmeasures.scheduling import (
    Finding,
    FindingCode,
    Missed,
    MissedLimit,
    Severity,
)

from .conftest import EMAIL, PASSWORD
from .device_samples import home_of, sample_plan
from .planning import NOON, pass_time
from .shown_plans import ShownPlans
from .states import act
from .test_init import set_up


async def test_diagnostics_tell_that_there_is_no_plan_and_why(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    await set_up(hass, battery_entry)
    await pass_time(hass, freezer, seconds=5)

    diagnostics = await async_get_config_entry_diagnostics(hass, battery_entry)

    assert "sensor.home_battery_level does not exist" in diagnostics["problem"]
    assert [device["plan"] for device in diagnostics["devices"].values()] == [None]


async def test_diagnostics_tell_the_plan_and_no_secret(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    snapshot: SnapshotAssertion,
) -> None:
    freezer.move_to(NOON)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, battery_entry)
    await pass_time(hass, freezer, seconds=5)

    diagnostics = await async_get_config_entry_diagnostics(hass, battery_entry)

    (subentry_id,) = battery_entry.subentries
    diagnostics["devices"] = {"the battery": diagnostics["devices"][subentry_id]}
    text = json.dumps(diagnostics)
    assert PASSWORD not in text
    assert EMAIL not in text
    assert diagnostics == snapshot(
        exclude=props("created_at", "modified_at", "subentry_id", "powers", "energies")
    )
    assert diagnostics["devices"]["the battery"]["plan"]["powers"] == [1000.0] * 96


async def test_diagnostics_of_a_device_tell_what_was_found_what_is_wanted_and_no_address(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    entry = home_of(hass, client, DeviceKind.BATTERY)
    missed = Missed(MissedLimit.TARGET, NOON, 5.0, 4.5, 0.5, 0.05)
    finding = Finding(FindingCode.TARGET_UNREACHABLE, Severity.WARNING, {"needed": 11.2})
    plans.plan = sample_plan(missed=(missed,), findings=(finding,))
    plans.state = PlanState(
        PlanStatus.SERVER_AWAY, NOON, HomeAssistantError("flexmeasures.example is away")
    )
    await set_up(hass, entry)
    await act(hass, "switch", "turn_on", "switch.battery_follow_schedule")
    await act(hass, "number", "set_value", "number.battery_power_setpoint", value=500)
    registered = er.async_get(hass).async_get("switch.battery_follow_schedule")
    assert registered
    assert registered.device_id
    device = dr.async_get(hass).async_get(registered.device_id)
    assert isinstance(device, dr.DeviceEntry)

    diagnostics = await async_get_device_diagnostics(hass, entry, device)

    json.dumps(diagnostics)
    told = diagnostics["flexible_device"]
    assert told["reason"] == "**REDACTED** is away"
    assert told["wishes"]["keep_at_least"] is None
    assert told["plan"]["missed"][0]["difference"] == 0.5
    assert told["plan"]["findings"][0]["numbers"] == {"needed": 11.2}
    assert told["plan"]["currency"] == "EUR"
    assert told["control"]["setpoint"] == 500
    assert told["control"]["request"]["override"]["power"] == 500


async def test_diagnostics_of_another_device_tell_only_what_it_is(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    home = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_1"), entry.entry_id
    )
    assert home

    assert await async_get_device_diagnostics(hass, entry, home) == {
        "model": "Building",
        "flexible_device": None,
    }
