"""Tells people what only they can mend."""

from collections.abc import Collection

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry
from .flexible_device import FlexibleDevice

# What planning, planning one device, controlling it, and reading the site cannot go on without; each is the key of an
# error and of an issue.
PRICE_ISSUES = ("no_prices", "prices_not_known")
DEVICE_ISSUES = (
    "device_refused",
    "device_value_missing",
    "device_values",
    "power_sensor_missing",
    "state_of_charge_missing",
    "state_of_charge_not_chosen",
)
CONTROL_ISSUES = ("setpoint_entity_missing",)
SITE_ISSUES = ("site_not_found",)


def _issue_id(entry: FlexMeasuresConfigEntry, key: str) -> str:
    return f"{entry.entry_id}_{key}"


@callback
def async_update_issues(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    keys: tuple[str, ...],
    problem: HomeAssistantError | None,
) -> None:
    """Raise the issue among the keys that the problem is, and end the others."""
    for key in keys:
        if problem is None or problem.translation_key != key:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry, key),
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=key,
            translation_placeholders={
                "site": entry.title,
                **(problem.translation_placeholders or {}),
            },
        )


@callback
def async_update_device_issue(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    device: FlexibleDevice,
    problem: HomeAssistantError | None,
    keys: tuple[str, ...] = DEVICE_ISSUES,
) -> None:
    """Raise the issue among the keys that a problem of a flexible device is, and end the others.

    While Home Assistant starts, an entity that is missing is only late.
    """
    for key in keys:
        issue_id = _issue_id(entry, f"{key}_{device.subentry_id}")
        if problem is None or problem.translation_key != key or not hass.is_running:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=key,
            translation_placeholders={
                "site": entry.title,
                **(problem.translation_placeholders or {}),
                "device": device.title,
            },
        )


@callback
def async_forget_device_issues(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, device_ids: Collection[str]
) -> None:
    """End the issues of flexible devices that are no longer among these."""
    for key in DEVICE_ISSUES + CONTROL_ISSUES:
        prefix = _issue_id(entry, f"{key}_")
        for _, issue_id in list(ir.async_get(hass).issues):
            if issue_id.startswith(prefix) and issue_id.removeprefix(prefix) not in device_ids:
                ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_update_feed_issue(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    sensor_id: int,
    name: str,
    reason: str | None,
) -> None:
    """Raise the issue of a sensor that the server refuses measurements of, or end it when there is no reason."""
    issue_id = _issue_id(entry, f"feed_refused_{sensor_id}")
    if reason is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="feed_refused",
        translation_placeholders={"site": entry.title, "sensor": name, "reason": reason},
    )


@callback
def async_remove_issues(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """End every issue of an entry."""
    prefix = _issue_id(entry, "")
    for _, issue_id in list(ir.async_get(hass).issues):
        if issue_id.startswith(prefix):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
