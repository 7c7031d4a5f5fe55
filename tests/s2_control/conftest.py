"""A home at noon with an S2 storage that is planned."""

from ..s2_home import device, empty_home, home

__all__ = ["device", "empty_home", "home"]
