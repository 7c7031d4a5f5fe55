"""Changing a device: what is shown of it, what is stored, and what stays."""

from unittest.mock import MagicMock

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_CAPACITY,
    CONF_KIND,
    CONF_POWER_SENSOR,
    CONF_SAFE_ACTION,
    CONF_SAFE_POWER,
    CONF_SETPOINT_SIGN,
    CONF_STATE_OF_CHARGE_ENTITY,
    KIND_BATTERY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SETPOINT_PRODUCTION_POSITIVE,
)

from ..device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    OLD,
    STORED,
    change,
    only_device,
    submit,
    suggested,
    walk,
)
from ..flow_samples import BATTERY_POWER, SITE_POWER, add_entry, mark_loaded
from .devices import device


async def test_a_device_is_changed(hass: HomeAssistant, entry_with_device: MockConfigEntry) -> None:
    """The form shows what is stored, its own power sensor and setpoint entity included, and replaces it."""
    hass.config_entries.async_update_subentry(
        entry_with_device, only_device(entry_with_device), title="My battery"
    )
    result = await change(hass, entry_with_device)
    assert result["step_id"] == "battery"
    assert suggested(result) == FORM
    result = await walk(hass, result, {**FORM, CONF_CAPACITY: 12})
    assert suggested(result) == CONTROL
    result = await walk(hass, result, CONTROL)
    assert suggested(result)[CONF_SETPOINT_SIGN] == SETPOINT_CONSUMPTION_POSITIVE

    details = {**DETAILS, CONF_SETPOINT_SIGN: SETPOINT_PRODUCTION_POSITIVE}
    result = await walk(hass, result, details)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    subentry = only_device(entry_with_device)
    assert subentry.data == {
        **STORED,
        CONF_CAPACITY: 12,
        CONF_SETPOINT_SIGN: SETPOINT_PRODUCTION_POSITIVE,
    }
    assert subentry.title == "My battery"


async def test_taking_the_setpoint_entity_away_takes_its_settings_with_it(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """The device is then only shown, and keeps what no form knows."""
    subentry = only_device(entry_with_device)
    hass.config_entries.async_update_subentry(
        entry_with_device, subentry, data={**STORED, "of_a_later_version": 7}
    )
    await walk(hass, await change(hass, entry_with_device), FORM, {})
    assert only_device(entry_with_device).data == {
        **FORM,
        CONF_KIND: KIND_BATTERY,
        CONF_POWER_SENSOR: BATTERY_POWER,
        "of_a_later_version": 7,
    }


async def test_a_battery_of_an_earlier_version_is_changed(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """What was not asked for then is suggested as it is used: nothing changes unless a person changes it."""
    old = {**device(), "data": OLD}
    entry = add_entry(hass, subentries=(old,))  # type: ignore[arg-type]
    mark_loaded(hass, entry, client)
    result = await walk(hass, await change(hass, entry), FORM, CONTROL)
    shown = suggested(result)
    assert (shown[CONF_SAFE_ACTION], shown[CONF_SAFE_POWER]) == ("fixed", 0)
    await walk(hass, result, DETAILS)
    assert only_device(entry).data == STORED


async def test_a_device_moves_to_another_power_sensor(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """Name and unique id go with the sensor."""
    result = await change(hass, entry_with_device)
    await walk(hass, result, {**FORM, CONF_POWER_SENSOR: str(SITE_POWER)}, {})
    subentry = only_device(entry_with_device)
    assert subentry.data[CONF_POWER_SENSOR] == SITE_POWER
    assert subentry.unique_id == f"power_sensor_{SITE_POWER}"
    assert subentry.title == "home"


async def test_a_device_moves_to_a_new_asset(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """As when it was added."""
    result = await change(hass, entry_with_device)
    result = await walk(hass, result, {**FORM, CONF_POWER_SENSOR: "new"}, {})
    result = await walk(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["reason"] == "reconfigure_successful"
    subentry = only_device(entry_with_device)
    assert subentry.title == "Cellar battery"
    assert subentry.data[CONF_POWER_SENSOR] == 98


async def test_what_no_longer_exists_is_not_suggested(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """A removed sensor and a removed entity leave their fields empty."""
    gone = device(
        **{CONF_POWER_SENSOR: 404, CONF_STATE_OF_CHARGE_ENTITY: "0123456789abcdef0123456789abcdef"}
    )
    entry = add_entry(hass, subentries=(gone,))
    mark_loaded(hass, entry, client)
    shown = suggested(await change(hass, entry))
    assert CONF_POWER_SENSOR not in shown
    assert CONF_STATE_OF_CHARGE_ENTITY not in shown


async def test_changes_that_make_no_sense_are_refused(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """The device stays as it was until the form makes sense."""
    result = await change(hass, entry_with_device)
    result = await submit(hass, result, {**FORM, CONF_CAPACITY: -1})
    assert result["errors"] == {CONF_CAPACITY: "not_positive"}
    assert only_device(entry_with_device).data == STORED
    result = await walk(hass, result, FORM, CONTROL, DETAILS)
    assert result["reason"] == "reconfigure_successful"
