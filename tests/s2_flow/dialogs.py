"""The dialogs of an S2 device, as tests go through them."""

from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import Asset

type HttpClient = TestClient[Any, Any]

FORM = {"name": "Heat pump", "control_type": "automatic", "abnormal_conditions": False}


async def created(name: str, type_id: int, account_id: int, parent_id: int) -> Asset:
    """Return the asset that the server makes."""
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


def secret_in(step: dict[str, Any]) -> str:
    """Return the secret in the address that a step shows."""
    return str(step["description_placeholders"]["address"].rpartition("/")[2])


async def pairing_secret(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the secret in the address that the flow shows."""
    step = await start(hass, entry, "pair")
    hass.config_entries.subentries.async_abort(step["flow_id"])
    return secret_in(step)
