"""A home whose battery follows a plan."""

import pytest

from custom_components.flexmeasures.control import FollowingChosen

from .home import Home


@pytest.fixture
def home() -> Home:
    """Return a home whose battery follows 3000 W, -2000 W and nothing, for a quarter-hour each."""
    home = Home()
    home.plan(3000, -2000, None)
    home.tell(FollowingChosen(True))
    return home
