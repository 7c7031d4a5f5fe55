"""Powers in kW as people write them into one field: those of a run, and those at which a device can run."""

from collections.abc import Iterable
import re

_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})(?:(?:\.\.|-|\u2013|\u2026)({_NUMBER}))?")

type PowerPair = tuple[float, float]


class ProfileError(ValueError):
    """A profile is no list of numbers."""


class PowerRangesError(ValueError):
    """Ranges of power are no list of numbers and ranges."""


def powers_of(text: str) -> list[float]:
    """Return the kW of a profile: numbers between spaces or semicolons, with point or comma.

    Raises:
        ProfileError: something is no number, or nothing is there.
    """
    try:
        return [float(word) for word in _words(text)]
    except ValueError:
        raise ProfileError(text) from None


def ranges_of(text: str) -> list[PowerPair]:
    """Return least and most kW of each range in a text such as ``0 1.4..7.4``; a number alone is both.

    Raises:
        PowerRangesError: something is no number and no range, or nothing is there.
    """
    matches = [_RANGE.fullmatch(word) for word in _words(text)]
    ranges = [(float(match[1]), float(match[2] or match[1])) for match in matches if match]
    if len(ranges) < len(matches):
        raise PowerRangesError(text)
    return ranges


def powers_text(powers: Iterable[float]) -> str:
    """Return a profile as a person may have written it."""
    return " ".join(f"{power:g}" for power in powers)


def ranges_text(ranges: Iterable[PowerPair]) -> str:
    """Return ranges as a person may have written them."""
    return " ".join(
        f"{least:g}" if least == most else f"{least:g}..{most:g}" for least, most in ranges
    )


def _words(text: str) -> list[str]:
    words = re.split(r"[;\s]+", _DECIMAL_COMMA.sub(".", text.strip()))
    return [word.rstrip(",") for word in words]
