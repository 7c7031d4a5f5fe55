"""What the system information page tells."""

from unittest.mock import AsyncMock, Mock, patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.flexmeasures.const import DOMAIN

from .conftest import URL, feed_subentry, make_entry
from .test_init import set_up

CHECK = "homeassistant.components.system_health.async_check_can_reach_url"


async def test_a_site_tells_whether_its_server_answers_and_what_waits(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    entry = make_entry(feed_subentry(11, "sensor.meter"))
    entry.add_to_hass(hass)
    await async_setup_component(hass, "system_health", {})
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)

    with patch(CHECK, new_callable=Mock, return_value="ok") as check:
        info = await get_system_health_info(hass, DOMAIN)

    check.assert_called_once_with(hass, URL)
    assert info == {
        "can_reach_server": "ok",
        "server_version": "1.0.1",
        "upload_backlog": 0,
        "flexible_devices": 0,
    }


async def test_several_sites_are_told_apart(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    cabin = make_entry(site_id=4)
    cabin.add_to_hass(hass)
    await async_setup_component(hass, "system_health", {})
    await set_up(hass, battery_entry)

    with patch(CHECK, new_callable=Mock, return_value="ok"):
        info = await get_system_health_info(hass, DOMAIN)

    assert info["flexible_devices (Home, 1)"] == 1
    assert info["flexible_devices (Home, 4)"] == 0
    assert info["upload_backlog (Home, 1)"] is None
