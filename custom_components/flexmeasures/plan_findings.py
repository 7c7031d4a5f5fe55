"""What was found about a plan, in sentences for people."""

from collections.abc import Mapping
from datetime import datetime

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .plan_models import DevicePlan
from .scheduling import Breach, Finding, FindingCode, Missed, MissedLimit, Severity

_PERCENT = 100
# Warnings that tell of what is missed; the others are only worth showing.
_MISSES = frozenset(
    {
        FindingCode.MINIMUM_UNREACHABLE,
        FindingCode.TARGET_BEYOND_BAND,
        FindingCode.TARGET_BEYOND_CAPACITY,
        FindingCode.TARGET_UNREACHABLE,
        FindingCode.MINIMUM_ABOVE_MAXIMUM,
    }
)


def miss_of(plan: DevicePlan) -> HomeAssistantError | None:
    """Return what the plan will not do though it was asked for, the gravest first; None when it does all."""
    if plan.missed:
        return told_miss(max(plan.missed, key=lambda missed: missed.difference))
    for finding in plan.findings:
        if finding.severity is Severity.WARNING and finding.code in _MISSES:
            return told_finding(finding)
    return told_breach(plan.breaches[0]) if plan.breaches else None


def told_miss(missed: Missed) -> HomeAssistantError:
    """Return the sentence about what is missed: "At 07:00 4 % will be missing."."""
    share = _number(missed.share * _PERCENT)
    energy = _number(missed.difference)
    if missed.limit is MissedLimit.MAXIMUM:
        return _told("plan_exceeds", time=_time(missed.time), share=share, energy=energy)
    return _told("plan_misses", time=_time(missed.time), share=share, energy=energy)


def told_breach(breach: Breach) -> HomeAssistantError:
    """Return the sentence about a limit that is broken because nothing else is possible."""
    return _told("plan_breaks_limit", limit=breach.name)


def told_finding(finding: Finding) -> HomeAssistantError:
    """Return the sentence about a finding, with its numbers."""
    numbers = {name: _value(value) for name, value in finding.numbers.items()}
    return (
        _told_state(finding.code, numbers)
        or _told_wish(finding.code, numbers)
        or _told_time(finding.code, numbers)
    )


def _told_state(code: FindingCode, numbers: Mapping[str, str]) -> HomeAssistantError | None:
    """Return the sentence about a state of charge; None for other findings."""
    match code:
        case FindingCode.STATE_OF_CHARGE_STALE:
            return _told(
                "found_state_of_charge_stale",
                minutes=numbers["minutes"],
                longest=numbers["longest_minutes"],
            )
        case FindingCode.STATE_OF_CHARGE_ZERO:
            return _told("found_state_of_charge_zero")
        case FindingCode.STATE_OF_CHARGE_BELOW_BAND:
            return _told(
                "found_state_of_charge_below_band",
                energy=numbers["energy"],
                minimum=numbers["minimum"],
            )
        case FindingCode.STATE_OF_CHARGE_ABOVE_BAND:
            return _told(
                "found_state_of_charge_above_band",
                energy=numbers["energy"],
                maximum=numbers["maximum"],
            )
        case FindingCode.STATE_OF_CHARGE_IMPOSSIBLE:
            return _told(
                "found_state_of_charge_impossible",
                energy=numbers["energy"],
                capacity=numbers["capacity"],
            )
    return None


def _told_wish(code: FindingCode, numbers: Mapping[str, str]) -> HomeAssistantError | None:
    """Return the sentence about what is wanted of a storage; None for other findings."""
    match code:
        case FindingCode.MINIMUM_ABOVE_MAXIMUM:
            return _told(
                "found_minimum_above_maximum",
                minimum=numbers["minimum"],
                maximum=numbers["maximum"],
            )
        case FindingCode.MINIMUM_UNREACHABLE:
            return _told(
                "found_minimum_unreachable",
                minimum=numbers["minimum"],
                reachable=numbers["reachable"],
                time=numbers["end"],
            )
        case FindingCode.TARGET_UNREACHABLE:
            return _told(
                "found_target_unreachable",
                needed=numbers["needed"],
                time=numbers["time"],
                hours=numbers["hours"],
                power=numbers["power"],
                reachable=numbers["reachable"],
                share=numbers["missing_share"],
            )
        case FindingCode.TARGET_BEYOND_BAND:
            return _told(
                "found_target_beyond_band", target=numbers["target"], maximum=numbers["maximum"]
            )
        case FindingCode.TARGET_BEYOND_CAPACITY:
            return _told(
                "found_target_beyond_capacity",
                target=numbers["target"],
                capacity=numbers["capacity"],
            )
        case FindingCode.TARGET_IN_THE_PAST:
            return _told("found_target_in_the_past", time=numbers["time"])
        case FindingCode.TARGET_AFTER_HORIZON:
            return _told("found_target_after_horizon", time=numbers["time"], end=numbers["end"])
    return None


def _told_time(code: FindingCode, numbers: Mapping[str, str]) -> HomeAssistantError:
    """Return the sentence about prices, or about when a process may run."""
    match code:
        case FindingCode.NO_PRICES:
            return _told("prices_not_known", time=numbers["start"])
        case FindingCode.PRICES_END_EARLY:
            return _told("found_prices_end_early", until=numbers["until"])
        case FindingCode.WINDOW_TOO_SHORT:
            return _told(
                "found_window_too_short",
                needed=numbers["needed_hours"],
                available=numbers["available_hours"],
                end=numbers["end"],
            )
    return _told("found_window_over", end=numbers["end"])


def _told(key: str, **numbers: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders={**numbers}
    )


def _value(value: float | str) -> str:
    return _time(datetime.fromisoformat(value)) if isinstance(value, str) else _number(value)


def _time(moment: datetime) -> str:
    return f"{dt_util.as_local(moment):%Y-%m-%d %H:%M}"


def _number(value: float) -> str:
    return f"{value:.1f}"
