"""What an S2 device's description means for its plan, as findings like those about all other devices."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from .s2.control_types import Finding as S2Finding, Notice
from .scheduling import Finding, FindingCode, Severity

# What is not here leaves the device out of the plan.
_MEANINGS: Final[Mapping[S2Finding, tuple[FindingCode, Severity]]] = MappingProxyType(
    {
        S2Finding.DEMAND_BEYOND_SUPPLY: (FindingCode.DEMAND_BEYOND_SUPPLY, Severity.WARNING),
        S2Finding.DISCHARGE_RATE_SIGN: (FindingCode.DISCHARGE_RATE_SIGN, Severity.NOTICE),
        S2Finding.EFFICIENCY_VARIES: (FindingCode.EFFICIENCY_VARIES, Severity.NOTICE),
        S2Finding.ENERGY_OUT_OF_REACH: (FindingCode.ENERGY_UNREACHABLE, Severity.WARNING),
        S2Finding.FILL_LEVEL_OUTSIDE_RANGE: (
            FindingCode.FILL_LEVEL_OUTSIDE_RANGE,
            Severity.NOTICE,
        ),
        S2Finding.OTHER_COMMODITY_NOT_PLANNED: (
            FindingCode.OTHER_COMMODITY_NOT_PLANNED,
            Severity.NOTICE,
        ),
        # One end of a wanted range may lie outside although the whole of it is met.
        S2Finding.TARGET_OUTSIDE_RANGE: (FindingCode.DEVICE_TARGET_OUTSIDE_RANGE, Severity.NOTICE),
        S2Finding.TARGET_OUT_OF_REACH: (FindingCode.DEVICE_TARGET_UNREACHABLE, Severity.WARNING),
        S2Finding.WINDOW_TOO_SHORT: (FindingCode.PROGRAMME_DOES_NOT_FIT, Severity.WARNING),
    }
)


def findings_of(notices: Iterable[Notice]) -> tuple[Finding, ...]:
    """Return the findings, of each kind the first: a device may name targets and actuators by the hundred."""
    first: dict[FindingCode, Finding] = {}
    for notice in notices:
        if notice.finding in _MEANINGS:
            code, severity = _MEANINGS[notice.finding]
            first.setdefault(code, Finding(code, severity, _numbers(notice)))
    return tuple(first.values())


def _numbers(notice: Notice) -> dict[str, float | str]:
    told: dict[str, float | str | None] = {
        "time": notice.at.isoformat() if notice.at else None,
        "wanted": notice.wanted,
        "possible": notice.possible,
    }
    return {name: value for name, value in told.items() if value is not None}
