"""The dialogs of a flexible device, as tests go through them."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigFlowResult,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
    CONF_KIND,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_POWER_SENSOR,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SAFE_ACTION,
    CONF_SAFE_POWER,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_SHADOW_MODE,
    CONF_STATE_OF_CHARGE_ENTITY,
    KIND_BATTERY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SUBENTRY_FLEXIBLE_DEVICE,
)

from .flow_samples import BATTERY_POWER

STATE_OF_CHARGE = "sensor.battery_level"
SETPOINT = "number.battery_power"
FORM: dict[str, Any] = {
    CONF_POWER_SENSOR: str(BATTERY_POWER),
    CONF_STATE_OF_CHARGE_ENTITY: STATE_OF_CHARGE,
    CONF_CAPACITY: 10,
    CONF_MINIMUM_STATE_OF_CHARGE: 5,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100,
    CONF_CHARGING_POWER: 5,
    CONF_DISCHARGING_POWER: 4.6,
    CONF_ROUNDTRIP_EFFICIENCY: 92,
}
CONTROL = {CONF_SETPOINT_ENTITY: SETPOINT}
SAFETY = {CONF_SAFE_ACTION: "fixed", CONF_SAFE_POWER: 0, CONF_SHADOW_MODE: False}
DETAILS: dict[str, Any] = {
    CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
    "safety": SAFETY,
    "guard_rails": {},
}
STORED: dict[str, Any] = {
    **FORM,
    **CONTROL,
    **SAFETY,
    CONF_KIND: KIND_BATTERY,
    CONF_POWER_SENSOR: BATTERY_POWER,
    CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
}
# As devices were stored before kinds and guard rails were asked for.
OLD: dict[str, Any] = {key: value for key, value in STORED.items() if key not in SAFETY}


def only_device(entry: MockConfigEntry) -> ConfigSubentry:
    """Return the entry's device."""
    subentries: list[ConfigSubentry] = list(entry.subentries.values())
    assert len(subentries) == 1
    return subentries[0]


async def choose_kind(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog of a new device."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_FLEXIBLE_DEVICE), context={"source": SOURCE_USER}
    )


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str = "battery"
) -> SubentryFlowResult:
    """Open the form of a new device of a kind."""
    result = await choose_kind(hass, entry)
    return await submit(hass, result, {"next_step_id": kind})


async def walk(
    hass: HomeAssistant, result: SubentryFlowResult, *forms: dict[str, Any]
) -> SubentryFlowResult:
    """Fill in one form after the other, each of which is accepted."""
    for form in forms:
        assert result["type"] is FlowResultType.FORM
        result = await submit(hass, result, form)
        assert not result.get("errors"), result["errors"]
    return result


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog of the entry's device."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_FLEXIBLE_DEVICE),
        context={
            "source": SOURCE_RECONFIGURE,
            "subentry_id": only_device(entry).subentry_id,
        },
    )


async def submit(
    hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]
) -> SubentryFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


def suggested(result: ConfigFlowResult | SubentryFlowResult) -> dict[str, Any]:
    """Return what a form shows as already filled in."""
    schema = result["data_schema"]
    assert schema is not None
    parts = [schema, *(part.schema for part in schema.schema.values() if isinstance(part, section))]
    return {
        str(key): key.description["suggested_value"]
        for part in parts
        for key in part.schema
        if key.description and "suggested_value" in key.description
    }
