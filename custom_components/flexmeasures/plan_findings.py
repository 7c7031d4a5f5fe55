"""What was found about a plan, in sentences for people."""

from datetime import datetime

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .plan_models import DevicePlan
from .scheduling import Breach, Finding, FindingCode, Missed, MissedLimit, Severity

_PERCENT = 100
# What makes something that is wanted unreachable before a plan is made.
OUT_OF_REACH = frozenset(
    {
        FindingCode.DEMAND_BEYOND_SUPPLY,
        FindingCode.DEVICE_TARGET_UNREACHABLE,
        FindingCode.ENERGY_UNREACHABLE,
        FindingCode.MINIMUM_UNREACHABLE,
        FindingCode.PROGRAMME_DOES_NOT_FIT,
        FindingCode.TARGET_BEYOND_BAND,
        FindingCode.TARGET_BEYOND_CAPACITY,
        FindingCode.TARGET_UNREACHABLE,
        FindingCode.WINDOW_OVER,
        FindingCode.WINDOW_TOO_SHORT,
    }
)
# Warnings that tell of what is missed; the others are only worth showing.
_MISSES = OUT_OF_REACH | {FindingCode.MINIMUM_ABOVE_MAXIMUM}


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
    """Return the sentence about a finding, which names of its numbers what people need."""
    numbers = {name: _value(value) for name, value in finding.numbers.items()}
    if finding.code is FindingCode.NO_PRICES:
        # Also the key of an issue, whose text names the time.
        return _told("prices_not_known", time=numbers["start"])
    return _told(f"found_{finding.code}", **numbers)


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
