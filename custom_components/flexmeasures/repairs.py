"""Tells people what only they can mend, and does for them what they decide."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry
from .feed import Feed
from .measurements import OutboxError, OutboxTooNewError

if TYPE_CHECKING:
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
    "wishes_contradict",
)
CONTROL_ISSUES = ("setpoint_entity_missing",)
SITE_ISSUES = ("site_not_found",)
# How the ids of issues begin that are about one feed: its sensor's number, or its own, follows.
_FEED_REFUSED = "feed_refused_"
_FEED_SOURCE = "feed_source_"
_OUTBOX = "outbox"


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


@dataclass(frozen=True, slots=True)
class FeedProblem:
    """Why the values of a sensor are not sent.

    Attributes:
        key: of the issue.
        reason: in a sentence for logs and diagnostics.
        placeholders: what the issue's text names besides site, sensor and reason.
    """

    key: str
    reason: str
    placeholders: dict[str, str] = field(default_factory=dict)


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
    problem: FeedProblem | None,
) -> None:
    """Raise the issue of a sensor whose values wait until somebody decides, or end it when there is no problem."""
    placeholders = {"sensor": name}
    if problem:
        placeholders |= {"reason": problem.reason, **problem.placeholders}
    _async_update_issue(
        hass,
        entry,
        f"{_FEED_REFUSED}{sensor_id}",
        problem.key if problem else None,
        placeholders,
        sensor_id=sensor_id,
    )


@callback
def async_update_source_issue(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, feed: Feed, key: str | None
) -> None:
    """Raise the issue of a feed whose entity gives no readings, or end it when there is no key."""
    _async_update_issue(hass, entry, f"{_FEED_SOURCE}{feed.key}", key, {"feed": feed.title})


@callback
def async_update_outbox_issue(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, error: OutboxError | None
) -> None:
    """Tell that nothing is measured because the outbox cannot be opened, or that it is again."""
    match error:
        case None:
            key = None
        case OutboxTooNewError():
            key = "outbox_too_new"
        case _:
            key = "outbox_unusable"
    _async_update_issue(hass, entry, _OUTBOX, key, {"reason": str(error)})


@callback
def _async_update_issue(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    name: str,
    key: str | None,
    placeholders: dict[str, str],
    *,
    sensor_id: int | None = None,
) -> None:
    """Raise the issue with the texts of the key, or end it when there is none; one about a sensor has a repair."""
    issue_id = _issue_id(entry, name)
    if key is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"entry_id": entry.entry_id, "sensor_id": sensor_id} if sensor_id else None,
        is_fixable=sensor_id is not None,
        severity=ir.IssueSeverity.ERROR,
        translation_key=key,
        translation_placeholders={"site": entry.title, **placeholders},
    )


@callback
def async_end_other_feed_issues(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, feeds: Iterable[Feed]
) -> None:
    """End the issues of feeds that were removed."""
    keep = set()
    for feed in feeds:
        keep |= {f"{_FEED_REFUSED}{feed.sensor_id}", f"{_FEED_SOURCE}{feed.key}"}
    keep_ids = {_issue_id(entry, key) for key in keep}
    prefixes = tuple(_issue_id(entry, prefix) for prefix in (_FEED_REFUSED, _FEED_SOURCE))
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(prefixes) and issue_id not in keep_ids:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_remove_issues(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """End every issue of an entry."""
    prefix = _issue_id(entry, "")
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(prefix):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the dialog for a sensor whose values wait."""
    assert data is not None
    return FeedRepairFlow(str(data["entry_id"]), int(data["sensor_id"] or 0))


class FeedRepairFlow(RepairsFlow):
    """Lets people decide about values that the server does not take: try again, or throw them away.

    Nobody else can: whether a changed sensor is a mistake, and what old values are worth, is not to be seen from here.
    """

    def __init__(self, entry_id: str, sensor_id: int) -> None:
        """Decide about the sensor of the entry."""
        self._entry_id = entry_id
        self._sensor_id = sensor_id

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask what to do."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return self.async_show_menu(
            step_id="init",
            menu_options=["send_again", "discard"],
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async def async_step_send_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Read the site anew, and give every parked sensor another chance."""
        self.hass.config_entries.async_schedule_reload(self._entry_id)
        return self.async_create_entry(data={})

    async def async_step_discard(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Throw away what the sensor cannot take, and go on with what is measured from now on."""
        entry: FlexMeasuresConfigEntry | None = self.hass.config_entries.async_get_entry(
            self._entry_id
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        delivery = entry.runtime_data.delivery
        if delivery is None:
            return self.async_abort(reason="not_loaded")
        try:
            await delivery.async_discard(self._sensor_id)
        except OutboxError as error:
            return self.async_abort(
                reason="outbox_unusable", description_placeholders={"reason": str(error)}
            )
        return await self.async_step_send_again()
