"""A stored device, and the power sensors that are offered to another."""

from typing import Any

from homeassistant.config_entries import ConfigSubentryData, SubentryFlowResult

from custom_components.flexmeasures.const import CONF_POWER_SENSOR, SUBENTRY_FLEXIBLE_DEVICE

from ..device_dialogs import STORED


def device(**changes: Any) -> ConfigSubentryData:
    """Return a stored flexible device."""
    data = {**STORED, **changes}
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="Garage battery",
        unique_id=f"power_sensor_{data[CONF_POWER_SENSOR]}",
    )


def power_sensors(result: SubentryFlowResult) -> list[tuple[str, str]]:
    """Return value and label of each power sensor that is offered."""
    schema = result["data_schema"]
    assert schema is not None
    options = schema.schema[CONF_POWER_SENSOR].config["options"]
    return [(option["value"], option["label"]) for option in options]
