"""Adding an S2 device by a secret that the person enters in the device, and changing it."""

from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import Asset, ConnectionFailedError

from .. import site
from ..conftest import make_entry
from ..s2_devices import PATH, SECRET, ConnectedDevice, s2_subentry
from ..test_init import set_up
from .dialogs import FORM, created, go_on, only_device, start


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
        ({"most_consumption": -0.1}, "most_consumption", "negative"),
        ({"most_production": -1}, "most_production", "negative"),
        ({"most_consumption": 0, "most_production": 0}, "most_production", "no_power"),
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

    client.add_asset.side_effect = created
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
