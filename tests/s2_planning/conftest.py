"""A home at noon with an S2 device that comes, and one whose storage is planned."""

from ..s2_home import device, empty_home, home

__all__ = ["device", "empty_home", "home"]
