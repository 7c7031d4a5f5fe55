"""Accepting an S2 device that introduces itself with the pairing secret."""

from unittest.mock import AsyncMock

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlowContext,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN

from ..s2.samples import details, handshake
from ..s2_devices import PATH, ConnectedDevice
from .dialogs import HttpClient, created, go_on, only_device, pairing_secret, secret_in, start

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def discovered(hass: HomeAssistant) -> ConfigFlowResult:
    """Return the only dialog of a device that was discovered."""
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return flow


async def test_a_device_with_the_pairing_secret_waits_and_is_asked_to_follow_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, http: HttpClient, secret: str
) -> None:
    device = await ConnectedDevice.knock(hass, http, secret)

    assert await device.introduce() == "OK"

    assert "battery-1" in entry.runtime_data.s2.waiting
    assert [said["message_type"] for said in device.said] == ["Handshake", "HandshakeResponse"]
    flow = discovered(hass)
    assert flow["step_id"] == "discovery_confirm"
    assert flow["context"]["title_placeholders"] == {"name": "Battery"}


async def test_an_accepted_device_keeps_the_secret_and_the_next_gets_another(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    http: HttpClient,
    secret: str,
    device: ConnectedDevice,
) -> None:
    flow = discovered(hass)

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert await device.closed() == 1001
    await hass.async_block_till_done()

    assert result["reason"] == "s2_device_added"
    assert device.said[-1]["request"] == "RECONNECT"
    assert client.add_asset.call_args.kwargs["type_id"] == 1
    accepted = only_device(entry)
    assert accepted.title == "Battery"
    assert accepted.data["secret"] == secret
    assert accepted.data["resource_id"] == "battery-1"
    again = await ConnectedDevice.knock(hass, http, secret)
    await again.follow()
    assert again.said[-1]["control_type"] == "FILL_RATE_BASED_CONTROL"
    assert await pairing_secret(hass, entry) != secret


async def test_another_device_with_the_same_pairing_secret_does_not_become_the_accepted_one(
    hass: HomeAssistant, http: HttpClient, secret: str, device: ConnectedDevice
) -> None:
    flow = discovered(hass)
    await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    await device.closed()
    await hass.async_block_till_done()

    other = await ConnectedDevice.knock(hass, http, secret)
    await other.introduce(resource_id="somebody-else")

    assert await other.closed() == 1001
    assert other.said[-1]["diagnostic_label"] == "another_device"


async def test_a_waiting_device_can_be_accepted_where_its_address_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, http: HttpClient
) -> None:
    step = await start(hass, entry, "pair")
    secret = secret_in(step)

    step = await go_on(hass, step, {})
    assert step["errors"] == {"base": "nobody_waits"}

    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    step = await start(hass, entry, "pair")
    result = await go_on(hass, step, {"device": "battery-1"})

    assert result["type"] == "create_entry"
    assert only_device(entry).data["secret"] == secret


async def test_accepting_while_the_server_is_away_can_be_tried_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    secret: str,
    device: ConnectedDevice,
) -> None:
    client.add_asset.side_effect = ConnectionFailedError("away")
    flow = discovered(hass)

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert result["errors"] == {"base": "cannot_connect"}
    step = await go_on(hass, await start(hass, entry, "pair"), {"device": "battery-1"})
    assert step["errors"] == {"base": "cannot_connect"}

    client.add_asset.side_effect = created
    await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    await hass.async_block_till_done()
    assert only_device(entry).data["secret"] == secret


async def test_a_waiting_device_that_left_is_not_shown_as_discovered_any_more(
    hass: HomeAssistant, entry: MockConfigEntry, device: ConnectedDevice
) -> None:
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN)

    await device.socket.close()
    await hass.async_block_till_done()

    assert entry.runtime_data.s2.waiting == {}
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_an_ignored_device_is_not_shown_again(
    hass: HomeAssistant, http: HttpClient, secret: str, device: ConnectedDevice
) -> None:
    flow = discovered(hass)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "Battery"},
    )
    await device.socket.close()
    await hass.async_block_till_done()

    again = await ConnectedDevice.knock(hass, http, secret)
    await again.introduce()

    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_the_pairing_secret_survives_a_reload(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    secret = await pairing_secret(hass, entry)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert await pairing_secret(hass, entry) == secret


async def test_no_more_than_twenty_devices_wait(
    hass: HomeAssistant, http: HttpClient, secret: str
) -> None:
    for number in range(20):
        device = await ConnectedDevice.knock(hass, http, secret)
        await device.introduce(resource_id=f"device-{number}")

    refused = await http.get(PATH, headers={"Authorization": f"Bearer {secret}", **UPGRADE})

    assert refused.status == 503


async def test_a_device_cannot_plant_markup_in_a_name(
    hass: HomeAssistant, http: HttpClient, secret: str
) -> None:
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.send(handshake())
    await device.hear_until("HandshakeResponse")
    await device.say(details() | {"name": "<script>alert(1)</script>\nBattery"})

    flow = discovered(hass)
    name = flow["context"]["title_placeholders"]["name"]

    assert name == "scriptalert(1)/script Battery"


async def test_a_device_that_is_accepted_in_the_other_dialog_is_not_shown_as_discovered_any_more(
    hass: HomeAssistant, entry: MockConfigEntry, http: HttpClient
) -> None:
    step = await start(hass, entry, "pair")
    secret = secret_in(step)
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN)

    subentries = hass.config_entries.subentries
    again = await subentries.async_configure(step["flow_id"], {})
    await subentries.async_configure(again["flow_id"], {"device": "battery-1"})
    await device.closed()
    await hass.async_block_till_done()

    assert only_device(entry).title == "Battery"
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_a_discovery_for_a_site_that_is_gone_ends(hass: HomeAssistant) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={"entry_id": "gone", "resource_id": "battery-1"},
    )

    assert result["reason"] == "device_gone"


async def test_a_discovery_of_a_device_that_left_already_ends(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    found = {"entry_id": entry.entry_id, "resource_id": "battery-1"}
    context: ConfigFlowContext = {"source": SOURCE_INTEGRATION_DISCOVERY}

    result = await hass.config_entries.flow.async_init(DOMAIN, context=context, data=found)
    assert result["reason"] == "device_gone"

    await hass.config_entries.async_unload(entry.entry_id)
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context, data=found)
    assert result["reason"] == "device_gone"
