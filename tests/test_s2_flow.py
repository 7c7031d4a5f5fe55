"""Adding an S2 device: by a secret that the person enters in the device, or by a device that introduces itself."""

from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigFlowContext,
    ConfigSubentry,
)
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import Asset, AssetType, ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN

from . import site
from .conftest import make_entry
from .s2.samples import details, handshake
from .s2_devices import PATH, SECRET, ConnectedDevice, s2_subentry
from .test_init import set_up

FORM = {"name": "Heat pump", "control_type": "automatic", "abnormal_conditions": False}


@pytest.fixture
async def entry(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry whose server creates assets."""
    client.get_asset_types.return_value = tuple(
        AssetType(id=number, name=name)
        for number, name in enumerate(("battery", "solar", "process"), 1)
    )
    client.add_asset.side_effect = _created
    entry = make_entry()
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def _created(name: str, type_id: int, account_id: int, parent_id: int) -> Asset:
    kind = {1: "battery", 2: "solar", 3: "process"}[type_id]
    return Asset(id=77, name=name, type_name=kind, account_id=account_id, parent_id=parent_id)


async def start(hass: HomeAssistant, entry: MockConfigEntry, choice: str) -> dict[str, Any]:
    """Start adding a device and choose from the menu."""
    flows = hass.config_entries.subentries
    menu = await flows.async_init((entry.entry_id, "s2_device"), context={"source": SOURCE_USER})
    assert menu["menu_options"] == ["add", "pair"]
    return dict(await flows.async_configure(menu["flow_id"], {"next_step_id": choice}))


async def go_on(hass: HomeAssistant, step: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """Submit a form of a subentry's flow."""
    flows = hass.config_entries.subentries
    result = dict(await flows.async_configure(step["flow_id"], form))
    await hass.async_block_till_done()
    return result


def only_device(entry: MockConfigEntry) -> ConfigSubentry:
    """Return the entry's only S2 device."""
    (device,) = entry.get_subentries_of_type("s2_device")
    return device


async def test_a_new_device_gets_a_secret_that_opens_its_connection(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    step = await go_on(hass, await start(hass, entry, "add"), FORM)

    assert step["step_id"] == "secret"
    shown = step["description_placeholders"]
    assert len(shown["secret"]) == 43
    assert shown["address"].startswith("ws://")
    assert shown["address"].endswith(PATH)
    assert shown["whole_address"] == f"{shown['address']}/{shown['secret']}"

    await go_on(hass, step, {})

    device = only_device(entry)
    assert device.title == "Heat pump"
    assert device.data == {
        "asset": 77,
        "secret": shown["secret"],
        "control_type": "automatic",
        "abnormal_conditions": False,
    }
    connected = await ConnectedDevice.knock(hass, await hass_client_no_auth(), shown["secret"])
    assert await connected.introduce() == "OK"


async def test_two_devices_never_get_the_same_secret(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    secrets = set()
    for _ in range(2):
        step = await go_on(hass, await start(hass, entry, "add"), FORM)
        secrets.add(step["description_placeholders"]["secret"])

    assert len(secrets) == 2


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"name": "  "}, "name", "empty"),
        ({"energy_per_unit": 0}, "energy_per_unit", "not_positive"),
        ({"energy_per_unit": -1}, "energy_per_unit", "not_positive"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    change: dict[str, Any],
    field: str,
    reason: str,
) -> None:
    step = await go_on(hass, await start(hass, entry, "add"), FORM | change)

    assert step["errors"] == {field: reason}
    client.add_asset.assert_not_called()
    again = await go_on(hass, step, FORM | {"energy_per_unit": 0.1})
    assert again["step_id"] == "secret"


async def test_a_server_that_fails_can_be_tried_again(
    hass: HomeAssistant, entry: MockConfigEntry, client: AsyncMock
) -> None:
    client.add_asset.side_effect = ConnectionFailedError("away")
    step = await go_on(hass, await start(hass, entry, "add"), FORM)

    assert step["errors"] == {"base": "cannot_connect"}

    client.add_asset.side_effect = _created
    assert (await go_on(hass, step, FORM))["step_id"] == "secret"


async def test_a_kind_that_the_server_does_not_know_is_named(
    hass: HomeAssistant, entry: MockConfigEntry, client: AsyncMock
) -> None:
    client.get_asset_types.return_value = ()

    step = await go_on(hass, await start(hass, entry, "add"), FORM)

    assert step["errors"] == {"base": "asset_type_missing"}
    assert step["description_placeholders"]["type"] == "process"


async def test_nothing_is_created_on_a_public_site(
    hass: HomeAssistant, entry: MockConfigEntry, client: AsyncMock
) -> None:
    inventory = entry.runtime_data.inventory
    public = Asset(id=1, name="Home", type_name="building", account_id=None, parent_id=None)
    client.get_assets.return_value = (public, *site.ASSETS[1:])
    await inventory.async_refresh()

    step = await go_on(hass, await start(hass, entry, "add"), FORM)

    assert step["errors"] == {"base": "no_permission"}
    client.add_asset.assert_not_called()


async def test_an_entry_that_is_not_loaded_takes_no_devices(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    flows = hass.config_entries.subentries

    result = await flows.async_init((entry.entry_id, "s2_device"), context={"source": SOURCE_USER})

    assert result["reason"] == "entry_not_loaded"


async def pairing_secret(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the secret in the address that the flow shows."""
    step = await start(hass, entry, "pair")
    address = step["description_placeholders"]["address"]
    hass.config_entries.subentries.async_abort(step["flow_id"])
    return str(address.rpartition("/")[2])


async def test_a_device_with_the_pairing_secret_waits_and_is_asked_to_follow_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)

    assert await device.introduce() == "OK"

    assert "battery-1" in entry.runtime_data.s2.waiting
    assert [said["message_type"] for said in device.said] == ["Handshake", "HandshakeResponse"]
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "discovery_confirm"
    assert flow["context"]["title_placeholders"] == {"name": "Battery"}


async def test_an_accepted_device_keeps_the_secret_and_the_next_gets_another(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    secret = await pairing_secret(hass, entry)
    http = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)

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
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    http = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    await device.closed()
    await hass.async_block_till_done()

    other = await ConnectedDevice.knock(hass, http, secret)
    await other.introduce(resource_id="somebody-else")

    assert await other.closed() == 1001
    assert other.said[-1]["diagnostic_label"] == "another_device"


async def test_a_waiting_device_can_be_accepted_where_its_address_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    step = await start(hass, entry, "pair")
    secret = step["description_placeholders"]["address"].rpartition("/")[2]

    step = await go_on(hass, step, {})
    assert step["errors"] == {"base": "nobody_waits"}

    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)
    await device.introduce()
    step = await start(hass, entry, "pair")
    result = await go_on(hass, step, {"device": "battery-1"})

    assert result["type"] == "create_entry"
    assert only_device(entry).data["secret"] == secret


async def test_accepting_while_the_server_is_away_can_be_tried_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    secret = await pairing_secret(hass, entry)
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)
    await device.introduce()
    client.add_asset.side_effect = ConnectionFailedError("away")
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert result["errors"] == {"base": "cannot_connect"}
    step = await go_on(hass, await start(hass, entry, "pair"), {"device": "battery-1"})
    assert step["errors"] == {"base": "cannot_connect"}

    client.add_asset.side_effect = _created
    await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    await hass.async_block_till_done()
    assert only_device(entry).data["secret"] == secret


async def test_a_waiting_device_that_left_is_not_shown_as_discovered_any_more(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)
    await device.introduce()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN)

    await device.socket.close()
    await hass.async_block_till_done()

    assert entry.runtime_data.s2.waiting == {}
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_an_ignored_device_is_not_shown_again(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    http = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
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
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    http = await hass_client_no_auth()
    for number in range(20):
        device = await ConnectedDevice.knock(hass, http, secret)
        await device.introduce(resource_id=f"device-{number}")

    refused = await http.get(PATH, headers={"Authorization": f"Bearer {secret}", **UPGRADE})

    assert refused.status == 503


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def test_a_device_cannot_plant_markup_in_a_name(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = await pairing_secret(hass, entry)
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)
    await device.send(handshake())
    await device.hear_until("HandshakeResponse")
    await device.say(details() | {"name": "<script>alert(1)</script>\nBattery"})

    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    name = flow["context"]["title_placeholders"]["name"]

    assert name == "scriptalert(1)/script Battery"


async def change(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> dict[str, Any]:
    """Change the entry's S2 device."""
    flow = await entry.start_subentry_reconfigure_flow(hass, only_device(entry).subentry_id)
    assert flow["step_id"] == "reconfigure"
    return await go_on(hass, dict(flow), FORM | {"new_secret": False} | form)


async def test_changes_keep_the_secret(hass: HomeAssistant, client: AsyncMock) -> None:
    entry = make_entry(s2_subentry(resource_id="battery-1", energy_per_unit=0.2))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    refused = await change(hass, entry, name="")
    assert refused["errors"] == {"name": "empty"}
    result = await change(hass, entry, name="New name", control_type="power_envelope_based_control")

    assert result["reason"] == "reconfigure_successful"
    device = only_device(entry)
    assert device.title == "New name"
    assert device.data == {
        "asset": 2,
        "secret": SECRET,
        "resource_id": "battery-1",
        "control_type": "power_envelope_based_control",
        "abnormal_conditions": False,
    }


async def test_a_new_secret_is_shown_once_and_ends_the_old_one(
    hass: HomeAssistant, client: AsyncMock, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = make_entry(s2_subentry(resource_id="battery-1"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    http = await hass_client_no_auth()

    step = await change(hass, entry, new_secret=True)
    secret = step["description_placeholders"]["secret"]
    result = await go_on(hass, step, {})

    assert result["reason"] == "reconfigure_successful"
    assert (await http.get(f"{PATH}/{SECRET}")).status == 403
    device = await ConnectedDevice.knock(hass, http, secret)
    assert await device.introduce(resource_id="another") == "OK"


async def test_a_device_that_is_accepted_in_the_other_dialog_is_not_shown_as_discovered_any_more(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    step = await start(hass, entry, "pair")
    secret = step["description_placeholders"]["address"].rpartition("/")[2]
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)
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
