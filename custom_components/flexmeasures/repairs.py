"""Tells people what only they can mend."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry

# What planning, and what reading the site, cannot go on without; each is the key of an error and of an issue.
PLANNING_ISSUES = ("no_prices", "power_sensor_missing")
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
def async_update_setpoint_issue(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    device_id: str,
    problem: HomeAssistantError | None,
) -> None:
    """Raise the issue of a flexible device whose setpoint entity is gone, or end it."""
    issue_id = _issue_id(entry, f"setpoint_entity_missing_{device_id}")
    if problem is None or problem.translation_key != "setpoint_entity_missing":
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="setpoint_entity_missing",
        translation_placeholders={
            "site": entry.title,
            **(problem.translation_placeholders or {}),
        },
    )


@callback
def async_remove_issues(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """End every issue of an entry."""
    async_update_issues(hass, entry, PLANNING_ISSUES + SITE_ISSUES, None)
    prefixes = tuple(_issue_id(entry, key) for key in ("feed_refused_", "setpoint_entity_missing_"))
    for _, issue_id in list(ir.async_get(hass).issues):
        if issue_id.startswith(prefixes):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
