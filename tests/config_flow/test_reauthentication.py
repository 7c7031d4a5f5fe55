"""Signing in again and moving to another address: what is stored, for which entries, and what is refused."""

from collections.abc import Callable
from http import HTTPStatus
from unittest.mock import AsyncMock, MagicMock

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import CONF_EMAIL, CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    FlexMeasuresError,
    NotFoundError,
    PermissionDeniedError,
)
from custom_components.flexmeasures.const import CONF_SITE_ID, DOMAIN

from ..device_dialogs import suggested
from ..flow_samples import CABIN, CONNECTION, EMAIL, HOME, PASSWORD, URL, add_entry, asset
from .dialogs import start, submit
from .failures import ERRORS, response_error


async def test_reauthentication_stores_the_new_password_and_starts_the_entry(
    hass: HomeAssistant, client: MagicMock, setup_entry: AsyncMock
) -> None:
    """An entry that failed to load has nobody that listens for the change; it is started all the same."""
    entry = add_entry(hass, password="old")
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    assert suggested(result) == {CONF_EMAIL: EMAIL}
    assert result["description_placeholders"] == {CONF_NAME: "home"}

    result = await submit(hass, result, {CONF_EMAIL: EMAIL, CONF_PASSWORD: "new"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data == {**CONNECTION, CONF_PASSWORD: "new", CONF_SITE_ID: HOME}
    client.get_asset.assert_awaited_once_with(HOME)
    await hass.async_block_till_done()
    assert len(setup_entry.mock_calls) == 1


async def test_reauthentication_with_the_same_password_starts_the_entry_again(
    hass: HomeAssistant, setup_entry: AsyncMock
) -> None:
    """Nothing changed, so no listener hears of it; without a start the entry would stay as it was."""
    entry = add_entry(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    entry.add_update_listener(AsyncMock())
    setup_entry.reset_mock()
    result = await entry.start_reauth_flow(hass)
    await submit(hass, result, {CONF_EMAIL: EMAIL, CONF_PASSWORD: PASSWORD})
    await hass.async_block_till_done()
    assert len(setup_entry.mock_calls) == 1


async def test_a_loaded_entry_is_left_to_its_update_listener(
    hass: HomeAssistant, setup_entry: AsyncMock
) -> None:
    """One restart, not two."""
    entry = add_entry(hass, password="old")
    await hass.config_entries.async_setup(entry.entry_id)
    listener = AsyncMock()
    entry.add_update_listener(listener)
    setup_entry.reset_mock()
    result = await entry.start_reauth_flow(hass)
    await submit(hass, result, {CONF_EMAIL: EMAIL, CONF_PASSWORD: "new"})
    await hass.async_block_till_done()
    listener.assert_awaited_once_with(hass, entry)
    setup_entry.assert_not_called()


async def test_reauthentication_mends_the_entries_of_the_same_account(hass: HomeAssistant) -> None:
    """They get the password, and are not asked for it once more; others keep theirs."""
    entry = add_entry(hass, site_id=HOME, password="old")
    sibling = add_entry(hass, site_id=CABIN, password="old")
    other_account = add_entry(hass, site_id=97, email="you@example.com", password="old")
    other_server = add_entry(hass, site_id=98, url="https://other.example.com", password="old")
    await sibling.start_reauth_flow(hass)
    result = await entry.start_reauth_flow(hass)
    await submit(hass, result, {CONF_EMAIL: EMAIL, CONF_PASSWORD: "new"})
    await hass.async_block_till_done()
    assert sibling.data[CONF_PASSWORD] == "new"
    assert sibling.unique_id == f"{URL}#{CABIN}"
    assert other_account.data[CONF_PASSWORD] == "old"
    assert other_server.data[CONF_PASSWORD] == "old"
    assert not hass.config_entries.flow.async_progress()


async def test_a_disabled_entry_of_the_account_is_mended_and_stays_disabled(
    hass: HomeAssistant, setup_entry: AsyncMock
) -> None:
    """The password changes, nothing is started."""
    sibling = MockConfigEntry(
        domain=DOMAIN,
        unique_id=f"{URL}#{CABIN}",
        data={**CONNECTION, CONF_PASSWORD: "old", CONF_SITE_ID: CABIN},
        disabled_by=ConfigEntryDisabler.USER,
    )
    sibling.add_to_hass(hass)
    result = await submit(hass, await start(hass), CONNECTION)
    await submit(hass, result, {CONF_SITE_ID: str(HOME)})
    await hass.async_block_till_done()
    assert sibling.data[CONF_PASSWORD] == PASSWORD
    assert [call.args[1].unique_id for call in setup_entry.mock_calls] == [f"{URL}#{HOME}"]


@pytest.mark.parametrize(
    "arrange",
    [
        lambda client: setattr(
            client.get_asset,
            "side_effect",
            response_error(NotFoundError, HTTPStatus.NOT_FOUND),
        ),
        lambda client: setattr(
            client.get_asset,
            "side_effect",
            response_error(PermissionDeniedError, HTTPStatus.FORBIDDEN),
        ),
        lambda client: setattr(
            client.get_asset, "side_effect", [asset(HOME, "a device", parent_id=CABIN)]
        ),
    ],
    ids=["gone", "not permitted", "not a site"],
)
@pytest.mark.parametrize("flow", ["reauth", "reconfigure"])
async def test_an_account_that_cannot_read_the_site_is_refused(
    hass: HomeAssistant, client: MagicMock, arrange: Callable[[MagicMock], None], flow: str
) -> None:
    """The entry keeps its account until one comes that can read the site."""
    entry = add_entry(hass, password="old")
    result = await getattr(entry, f"start_{flow}_flow")(hass)
    works = client.get_asset.side_effect
    arrange(client)
    you = {CONF_EMAIL: "you@example.com", CONF_PASSWORD: "new"}
    user_input = you if flow == "reauth" else {**CONNECTION, **you}
    result = await submit(hass, result, user_input)
    assert result["errors"] == {"base": "site_not_accessible"}
    assert suggested(result)[CONF_EMAIL] == "you@example.com"
    assert entry.data[CONF_EMAIL] == EMAIL

    client.get_asset.side_effect = works
    result = await submit(hass, result, user_input)
    assert result["reason"] == f"{flow}_successful"
    assert entry.data[CONF_EMAIL] == "you@example.com"


@pytest.mark.parametrize(("error", "field", "key", "placeholders"), ERRORS)
async def test_reauthentication_explains_failures_where_its_form_has_room(
    hass: HomeAssistant,
    client: MagicMock,
    error: FlexMeasuresError,
    field: str,
    key: str,
    placeholders: dict[str, str],
) -> None:
    """A sentence about a field that this form does not have stands on top."""
    entry = add_entry(hass, password="old")
    result = await entry.start_reauth_flow(hass)
    client.sign_in.side_effect = error
    new = {CONF_EMAIL: EMAIL, CONF_PASSWORD: "new"}
    result = await submit(hass, result, new)
    assert result["errors"] == {field if field in new else "base": key}
    assert result["description_placeholders"] == {CONF_NAME: "home", **placeholders}

    client.sign_in.side_effect = None
    result = await submit(hass, result, new)
    assert result["reason"] == "reauth_successful"


async def test_reconfiguration_moves_the_entry_to_another_address(
    hass: HomeAssistant, client_class: MagicMock
) -> None:
    """Address and unique id change together; the title, which a person may have chosen, stays."""
    entry = add_entry(hass, title="My home")
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert suggested(result) == {
        CONF_URL: URL,
        CONF_EMAIL: EMAIL,
        CONF_VERIFY_SSL: True,
    }
    moved = {
        CONF_URL: "http://localhost:5000/",
        CONF_EMAIL: EMAIL,
        CONF_PASSWORD: PASSWORD,
        CONF_VERIFY_SSL: False,
    }
    result = await submit(hass, result, moved)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {**moved, CONF_URL: "http://localhost:5000", CONF_SITE_ID: HOME}
    assert entry.unique_id == f"http://localhost:5000#{HOME}"
    assert entry.title == "My home"


async def test_reconfiguration_at_the_same_address_is_possible_while_reauthentication_waits(
    hass: HomeAssistant,
) -> None:
    """The waiting dialog has the same unique id and does not stand in the way."""
    entry = add_entry(hass, password="old")
    await entry.start_reauth_flow(hass)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, CONNECTION)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_PASSWORD] == PASSWORD


async def test_reconfiguration_does_not_make_two_entries_of_one_site(hass: HomeAssistant) -> None:
    """An address where the site already has an entry is refused."""
    entry = add_entry(hass)
    other = add_entry(hass, url="https://other.example.com")
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, {**CONNECTION, CONF_URL: other.data[CONF_URL]})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_URL] == URL
