"""Every test begins seven minutes into a quarter-hour; most in a home with a battery."""

from ..planning import home, just_past_noon

__all__ = ["home", "just_past_noon"]
