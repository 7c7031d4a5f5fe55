"""A home at noon with an S2 device that comes."""

from ..s2_home import empty_home, home

__all__ = ["empty_home", "home"]
