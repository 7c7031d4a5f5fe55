"""S2 devices at the door: who may come in, and whose place nobody takes."""

from datetime import UTC, datetime, timedelta
import hmac
from unittest.mock import patch

from aiohttp import WSServerHandshakeError
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.s2_view import WrongSecrets

from ..s2.samples import fill_rate_description, storage_status
from ..s2_devices import PATH, SECRET, ConnectedDevice
from .devices import battery_id

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def test_a_device_with_its_secret_is_led_to_its_control_type(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())

    await device.follow()

    assert [said["message_type"] for said in device.said] == [
        "Handshake",
        "HandshakeResponse",
        "SelectControlType",
    ]
    assert device.said[-1]["control_type"] == "FILL_RATE_BASED_CONTROL"
    assert await device.say(fill_rate_description()) == "OK"
    assert await device.say(storage_status(40)) == "OK"
    (battery, boiler) = site.runtime_data.s2.devices.values()
    assert battery.connected
    assert battery.observation.state_of_charge == 0.4
    assert not boiler.connected


async def test_the_secret_may_also_stand_in_the_address(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = ConnectedDevice(hass, await client.ws_connect(f"{PATH}/{SECRET}"))

    assert await device.introduce() == "OK"


@pytest.mark.parametrize("given", ["", "wrong", SECRET[:-1], f"{SECRET}x", "☂"])
async def test_a23_a_wrong_secret_is_refused_before_the_upgrade(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    given: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = await hass_client_no_auth()

    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"{PATH}/{given}" if given else PATH)

    assert refused.value.status == 403
    assert "ban" not in caplog.text
    assert given == "" or f"secret {given}" not in caplog.text


async def test_a23_every_secret_is_compared_in_a_time_that_tells_nothing(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """The right one, too, is compared with all of them, by the one comparison that takes the same time for all."""
    with patch("hmac.compare_digest", wraps=hmac.compare_digest) as compare:
        assert site.runtime_data.s2.owner_of(SECRET) == battery_id(site)
        assert site.runtime_data.s2.owner_of(f"{SECRET}x") is None

    secrets = [SECRET.encode(), b"secret-of-the-boiler"]
    assert [call.args[1] for call in compare.call_args_list] == secrets * 2


async def test_wrong_secrets_are_rate_limited_and_a_right_one_passes_all_the_same(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = await hass_client_no_auth()

    statuses = [(await client.get(f"{PATH}/wrong")).status for _ in range(12)]

    assert statuses == [403] * 10 + [429] * 2
    assert caplog.text.count("Wrong secrets for S2 devices come from 127.0.0.1") == 1
    assert SECRET not in caplog.text
    device = await ConnectedDevice.knock(hass, client)
    assert await device.introduce() == "OK"


async def test_wrong_secrets_are_forgiven_after_a_minute() -> None:
    wrong = WrongSecrets()

    assert [wrong.is_too_many("10.0.0.1", NOON) for _ in range(11)] == [False] * 10 + [True]
    assert not wrong.is_too_many("10.0.0.2", NOON)
    assert not wrong.is_too_many("10.0.0.1", NOON + timedelta(minutes=1))


async def test_the_memory_of_wrong_secrets_is_bounded() -> None:
    wrong = WrongSecrets()
    for number in range(5000):
        wrong.is_too_many(f"2001:db8::{number:x}", NOON)

    assert len(wrong._counts) <= 1000


async def test_a_right_secret_without_an_upgrade_is_told_to_upgrade(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()

    assert (await client.get(f"{PATH}/{SECRET}")).status == 426


async def test_a_device_of_a_site_that_is_not_loaded_is_asked_to_come_back(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    await hass.config_entries.async_unload(site.entry_id)

    assert (await client.get(f"{PATH}/{SECRET}")).status == 503
    assert (await client.get(f"{PATH}/wrong")).status == 403


async def test_a19_a_device_that_comes_back_replaces_its_old_session(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    before = await ConnectedDevice.knock(hass, client)
    await before.follow()
    now = await ConnectedDevice.knock(hass, client)

    await now.follow()

    assert await before.closed() == 1001
    assert before.said[-1]["message_type"] == "SessionRequest"
    assert before.said[-1]["request"] == "TERMINATE"
    assert await now.say(fill_rate_description()) == "OK"
    assert site.runtime_data.s2.devices[battery_id(site)].connected


async def test_no_other_device_pushes_a_connected_one_out_with_its_secret(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    intruder = await ConnectedDevice.knock(hass, client)

    await intruder.introduce(resource_id="another")

    assert await intruder.closed() == 1001
    assert intruder.said[-1]["diagnostic_label"] == "another_device"
    assert await device.say(fill_rate_description()) == "OK"


async def test_a_device_cannot_stop_another_by_taking_its_name(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    namesake = await ConnectedDevice.knock(hass, client, "secret-of-the-boiler")

    await namesake.follow()

    assert await device.say(fill_rate_description()) == "OK"
    assert all(item.connected for item in site.runtime_data.s2.devices.values())
