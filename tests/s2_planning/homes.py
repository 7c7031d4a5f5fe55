"""Homes whose S2 device is planned: beside a battery, or to do nothing."""

from ..conftest import BATTERY_SUBENTRY
from ..planning import LEVEL, percent
from ..s2_devices import ConnectedDevice, s2_subentry
from ..s2_home import ASSET, MINUTE, S2Home


async def beside_battery(empty_home: S2Home, title: str) -> S2Home:
    """Return the home, set up with its battery at 35 % and an S2 device of the title."""
    percent(empty_home.hass, LEVEL, 35)
    return await empty_home.set_up(BATTERY_SUBENTRY, s2_subentry(title, asset=ASSET))


async def plan_idle(home: S2Home) -> ConnectedDevice:
    """Return the device, at 40 %, following a schedule of 0 W, a minute after noon."""
    home.plan(0.0)
    device = await home.connect_storage()
    home.controller.async_follow(True)
    await home.until(MINUTE)
    return device
