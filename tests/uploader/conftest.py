"""Every test begins at noon, most with the small site and its two measurements."""

from ..fed_site import fed, noon

__all__ = ["fed", "noon"]
