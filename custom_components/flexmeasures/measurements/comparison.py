"""What was sent beside what the server has."""

from collections.abc import Mapping
from datetime import datetime
import math

# Values travel as decimal text and are stored as binary floats; the server may have converted their unit. A part in a
# million is a hundredth of what the best meters resolve.
_RELATIVE_TOLERANCE = 1e-6
# What is this near to zero is zero, in any unit that power and energy of a home are given in.
_ABSOLUTE_TOLERANCE = 1e-9


def different_values(
    sent: Mapping[datetime, float], stored: Mapping[datetime, float | None]
) -> dict[datetime, float]:
    """Return what was sent and is not stored, or stored as another value.

    Args:
        sent: value by begin of its interval; unit and sign of the sensor.
        stored: the same as the server tells it; None where it has nothing.
    """
    return {start: value for start, value in sent.items() if not _is_same(value, stored.get(start))}


def _is_same(sent: float, stored: float | None) -> bool:
    return stored is not None and math.isclose(
        sent, stored, rel_tol=_RELATIVE_TOLERANCE, abs_tol=_ABSOLUTE_TOLERANCE
    )
