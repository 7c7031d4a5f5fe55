"""The dialogs of a feed, as tests go through them."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigSubentry,
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
import probatio
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_POWER_SENSOR,
    CONF_SENSOR,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
)

from ..flow_samples import (
    HOME,
    SITE_POWER,
)

METER = "sensor.house_load"
COUNTER = {"state_class": "total_increasing", "device_class": "energy"}
CREATED = 90
FORM = {CONF_ENTITY: METER, CONF_SENSOR: str(SITE_POWER)}
VALUES = {CONF_AGGREGATION: "mean", CONF_DIRECTION: "consumption"}
STORED = {**VALUES, CONF_ENTITY: METER, CONF_SENSOR: SITE_POWER}
NEW = {
    "asset": str(HOME),
    CONF_NAME: "House load",
    "unit": "kW",
    "resolution": "15",
    **VALUES,
}


def show(
    hass: HomeAssistant, entity_id: str, value: str, unit: str | None, **attributes: str
) -> None:
    """Let an entity show a value."""
    hass.states.async_set(entity_id, value, {"unit_of_measurement": unit, **attributes})


def stored_feed(**changes: Any) -> ConfigSubentryData:
    """Return a stored feed."""
    data = {**STORED, **changes}
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_MEASUREMENT,
        title="House load → home: grid",
        unique_id=f"feed_{data[CONF_SENSOR]}",
    )


def planned_device(sensor_id: int, **more: int) -> ConfigSubentryData:
    """Return a flexible device whose plan is stored on the sensor."""
    return ConfigSubentryData(
        data={CONF_POWER_SENSOR: sensor_id, **more},
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="Garage battery",
        unique_id=f"power_sensor_{sensor_id}",
    )


def feeds(entry: MockConfigEntry) -> list[ConfigSubentry]:
    """Return the entry's feeds, in the order of their sensors."""
    subentries = entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
    return sorted(subentries, key=lambda feed: int(feed.data[CONF_SENSOR]))


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str = SUBENTRY_MEASUREMENT
) -> SubentryFlowResult:
    """Open the dialog of new feeds."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog of the entry's feed."""
    (feed,) = feeds(entry)
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_MEASUREMENT),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": feed.subentry_id},
    )


async def submit(
    hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]
) -> SubentryFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


async def to_proposals(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Go to the form of proposals."""
    return await submit(hass, await start(hass, entry), {"next_step_id": "proposals"})


def suggested(result: SubentryFlowResult) -> dict[str, Any]:
    """Return what a form shows as already filled in."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(key): key.description["suggested_value"]
        for key in schema.schema
        if key.description and "suggested_value" in key.description
    }


def defaults(result: SubentryFlowResult) -> dict[str, Any]:
    """Return the form's fields with what they begin with, None for nothing."""
    schema = result["data_schema"]
    assert schema
    return {
        str(marker): None if isinstance(marker.default, probatio.Undefined) else marker.default()
        for marker in schema.schema
    }


def options(result: SubentryFlowResult, field: str) -> dict[str, str]:
    """Return value and label of each option of a field."""
    schema = result["data_schema"]
    assert schema is not None
    return {item["value"]: item["label"] for item in schema.schema[field].config["options"]}


def ticked(result: SubentryFlowResult) -> list[str]:
    """Return the proposals that are ticked already."""
    schema = result["data_schema"]
    assert schema is not None
    return next(key.default() for key in schema.schema if key == "feeds")


def sentence(result: SubentryFlowResult) -> tuple[str, str]:
    """Return what the form says of the reading of now: as it is, and as it is sent."""
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    return placeholders["state"], placeholders["sent"]


async def to_new_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, entity: str = METER
) -> SubentryFlowResult:
    """Go to the form of a new sensor."""
    form = {CONF_ENTITY: entity, CONF_SENSOR: "new"}
    return await submit(hass, await start(hass, entry), form)
