"""The actions that let a device do something else than its plan, and what they refuse."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.flexible_device import DeviceKind

from ..device_samples import home_of
from ..shown_plans import NOON, ShownPlans, at
from ..test_init import set_up
from .calls import SETPOINT, call, device_of


def setpoint(hass: HomeAssistant) -> tuple[str, object]:
    """Return the power that the battery is to follow (W), and why."""
    state = hass.states.get(SETPOINT)
    assert state
    return state.state, state.attributes["source"]


async def test_an_override_holds_until_its_end(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    response = await call(hass, "override_setpoint", power="-1.5", unit="kW", duration="PT23M")

    assert response == {
        "device": "Battery",
        "mode": "schedule",
        "power": -1500.0,
        "source": "override",
        "until": "2026-11-22T12:30:00+00:00",
        "override_until": "2026-11-22T12:30:00+00:00",
        "control_status": response["control_status"],
    }
    assert setpoint(hass) == ("-1500.0", "override")
    await at(hass, freezer, NOON + timedelta(minutes=29))
    assert setpoint(hass) == ("-1500.0", "override")
    await at(hass, freezer, NOON + timedelta(minutes=30))
    assert setpoint(hass)[1] == "not_following"


async def test_an_override_without_an_end_lasts_until_the_plan_s_next_block(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    home.runtime_data.controllers["the_battery"].async_follow(True)

    response = await call(hass, "override_setpoint", power=2000)

    # The plan charges at 1 kW until 13:00.
    assert response["override_until"] == "2026-11-22T13:00:00+00:00"
    assert setpoint(hass) == ("2000.0", "override")
    await at(hass, freezer, NOON + timedelta(minutes=60))
    assert setpoint(hass) == ("0.0", "schedule")


async def test_an_override_is_taken_back(hass: HomeAssistant, home: MockConfigEntry) -> None:
    home.runtime_data.controllers["the_battery"].async_follow(True)
    await call(hass, "override_setpoint", power=2000, until="2026-11-22T18:00:00+00:00")

    response = await call(hass, "clear_override")

    assert (response["power"], response["source"]) == (1000.0, "schedule")
    assert response["override_until"] is None
    assert setpoint(hass) == ("1000.0", "schedule")


async def test_a_mode_is_chosen_until_its_end(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    response = await call(hass, "choose_mode", mode="charge_now", until="2026-11-22T13:30:00+01:00")

    assert (response["mode"], response["power"]) == ("charge_now", 5000.0)
    assert response["until"] == "2026-11-22T12:30:00+00:00"
    assert setpoint(hass) == ("5000.0", "charge_now")
    await at(hass, freezer, NOON + timedelta(minutes=30))
    assert hass.states.get("select.battery_mode").state == "schedule"  # type: ignore[union-attr]
    assert setpoint(hass)[1] == "not_following"


async def test_the_manual_mode_has_the_power_that_is_given(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    response = await call(hass, "choose_mode", mode="manual", power=-2, unit="kW")

    assert (response["mode"], response["power"], response["until"]) == ("manual", -2000.0, None)
    assert setpoint(hass) == ("-2000.0", "manual")


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("get_schedule", {"unit": "kWh"}, "unit: kWh is not a unit of power"),
        ("get_schedule", {"schedule": "job"}, "schedule: a flexible device is planned with its"),
        ("trigger_and_get_schedule", {"flex_model": {}}, "flex_model: a flexible device is"),
        ("trigger_and_get_schedule", {"config_entry": "e", "device_id": "d"}, "device_id: name"),
        ("get_schedule", {"config_entry": "entry_of_the_site"}, "schedule: a site needs this"),
        (
            "get_schedule",
            {"config_entry": "entry_of_the_site", "schedule": "job"},
            "sensors: a site needs this",
        ),
        ("explain_schedule", {"unit": "EUR"}, "unit: EUR is not a unit of power"),
        ("override_setpoint", {"power": "much"}, "power: much is not a finite number"),
        ("override_setpoint", {"power": None}, "power: null is not a finite number"),
        ("override_setpoint", {"power": True}, "power: True is not a finite number"),
        ("override_setpoint", {"power": 1, "unit": "%"}, "unit: % is not a unit of power"),
        (
            "override_setpoint",
            {"power": 5.1, "unit": "kW"},
            "power: 5100 W is outside what Battery takes now, -4000 W to 5000 W",
        ),
        ("override_setpoint", {"power": -4001}, "power: -4001 W is outside"),
        (
            "override_setpoint",
            {"power": 1, "until": "2026-11-22T12:07:00+00:00"},
            r"until: 2026-11-22T12:07:00\+00:00 is not in the future",
        ),
        ("override_setpoint", {"power": 1, "until": "2026-11-22T13:00:00"}, "has no time zone"),
        ("override_setpoint", {"power": 1, "duration": "PT0S"}, "duration: PT0S is not longer"),
        (
            "override_setpoint",
            {"power": 1, "duration": "PT1H", "until": "2026-11-22T13:00:00+00:00"},
            "duration: PT1H says the same as the end",
        ),
        ("choose_mode", {"mode": "pause", "power": 1}, "power: the mode pause has a power of its"),
        ("choose_mode", {"mode": "manual", "power": 9000}, "power: 9000 W is outside"),
    ],
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    hass: HomeAssistant, home: MockConfigEntry, action: str, fields: dict[str, Any], message: str
) -> None:
    before = setpoint(hass)

    with pytest.raises(ServiceValidationError, match=message):
        await call(hass, action, **fields)

    assert setpoint(hass) == before


async def test_a_mode_that_there_is_not_is_refused(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    with pytest.raises(probatio.Invalid, match="mode"):
        await call(hass, "choose_mode", mode="party")


async def test_a_mode_that_the_device_is_not_made_for_is_refused(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    await set_up(hass, home_of(hass, client, DeviceKind.SOLAR))
    panels = device_of(hass, "number.solar_power_setpoint")

    with pytest.raises(ServiceValidationError, match="mode: Solar has no mode charge_now"):
        await call(hass, "choose_mode", device_id=panels, mode="charge_now")
