"""Everything for S2 is loaded where S2 devices are, and nowhere else."""

from types import MappingProxyType
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.const import CONTROL_TYPE_NONE, CONTROL_TYPES
from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics
from custom_components.flexmeasures.s2 import PREFERENCE
from custom_components.flexmeasures.s2.messages.components import ControlType
from custom_components.flexmeasures.s2_setup import async_s2_server

from ..s2_devices import PATH, SECRET, ConnectedDevice
from ..s2_flow.dialogs import secret_in, start
from ..site_actions import refusal_of
from ..test_init import set_up


@pytest.fixture
async def bare_site(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> MockConfigEntry:
    """Return a loaded entry without S2 devices."""
    await set_up(hass, entry)
    return entry


def test_people_choose_from_the_control_types_of_the_standard_in_the_order_of_preference() -> None:
    assert [kind.value.lower() for kind in PREFERENCE] == list(CONTROL_TYPES)
    assert {kind.value.lower() for kind in ControlType} == {*CONTROL_TYPES, CONTROL_TYPE_NONE}


async def test_a_site_without_s2_devices_has_no_server_and_refuses_every_secret(
    hass: HomeAssistant, bare_site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert bare_site.runtime_data.s2 is None
    assert (await (await hass_client_no_auth()).get(f"{PATH}/{SECRET}")).status == 403
    diagnostics = await async_get_config_entry_diagnostics(hass, bare_site)
    assert diagnostics["s2_devices"] == {}


async def test_an_action_for_s2_devices_is_refused_where_there_are_none(
    hass: HomeAssistant, bare_site: MockConfigEntry
) -> None:
    assert await refusal_of(hass, bare_site, "s2_get_session") == "no_s2_device"


async def test_a_site_gets_its_server_when_its_first_device_is_added(
    hass: HomeAssistant, bare_site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    battery = ConfigSubentry(
        data=MappingProxyType({"secret": SECRET, "asset": 2}),
        subentry_type="s2_device",
        title="Battery",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(bare_site, battery)
    await hass.async_block_till_done()

    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())

    assert await device.introduce() == "OK"
    (known,) = bare_site.runtime_data.s2.devices.values()
    assert known.connected


async def test_a_site_that_is_asked_to_pair_twice_has_one_server(
    hass: HomeAssistant, bare_site: MockConfigEntry
) -> None:
    await start(hass, bare_site, "pair")
    server = bare_site.runtime_data.s2
    await start(hass, bare_site, "pair")

    assert server is not None
    assert bare_site.runtime_data.s2 is server
    assert await async_s2_server(hass, bare_site) is server


async def test_a_device_may_still_introduce_itself_after_a_restart(
    hass: HomeAssistant, bare_site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    secret = secret_in(await start(hass, bare_site, "pair"))

    await hass.config_entries.async_reload(bare_site.entry_id)
    await hass.async_block_till_done()
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth(), secret)

    assert await device.introduce() == "OK"
    assert "battery-1" in bare_site.runtime_data.s2.waiting


async def test_a_site_that_is_taken_down_meanwhile_pairs_nothing(
    hass: HomeAssistant, bare_site: MockConfigEntry
) -> None:
    flows = hass.config_entries.subentries
    menu = await flows.async_init(
        (bare_site.entry_id, "s2_device"), context={"source": SOURCE_USER}
    )
    await hass.config_entries.async_unload(bare_site.entry_id)

    result = await flows.async_configure(menu["flow_id"], {"next_step_id": "pair"})

    assert result["reason"] == "entry_not_loaded"


async def test_importing_is_left_to_other_threads(
    hass: HomeAssistant, bare_site: MockConfigEntry
) -> None:
    with patch.object(
        hass, "async_add_import_executor_job", wraps=hass.async_add_import_executor_job
    ) as imported:
        await async_s2_server(hass, bare_site)

    assert imported.call_count == 1
