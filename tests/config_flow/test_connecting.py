"""Connecting to a server: what a person can do, and what is said when it fails."""

from unittest.mock import AsyncMock, MagicMock, patch

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.flexmeasures.client import FlexMeasuresError
from custom_components.flexmeasures.const import CONF_SITE_ID

from ..device_dialogs import suggested
from ..flow_samples import CABIN, CONNECTION, EMAIL, HOME, PASSWORD, URL
from .dialogs import FLOW, offered, start, submit
from .failures import ERRORS


async def test_a_person_connects_and_picks_a_site(
    hass: HomeAssistant, client: MagicMock, client_class: MagicMock, setup_entry: AsyncMock
) -> None:
    """The way through, from address to entry."""
    result = await start(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"

    result = await submit(
        hass,
        result,
        {
            **CONNECTION,
            CONF_URL: " HTTPS://flexmeasures.example.com:443/api/v3_0/ ",
            CONF_EMAIL: f" {EMAIL} ",
        },
    )
    assert result["step_id"] == "site"
    assert offered(result, CONF_SITE_ID) == [
        (str(CABIN), "Cabin"),
        (str(HOME), "home"),
        ("new", "new"),
    ]

    result = await submit(hass, result, {CONF_SITE_ID: str(HOME)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "home"
    assert result["data"] == {**CONNECTION, CONF_SITE_ID: HOME}
    assert result["result"].unique_id == f"{URL}#{HOME}"
    assert len(setup_entry.mock_calls) == 1
    client.sign_in.assert_awaited_once_with()
    client.get_assets.assert_awaited_once_with(account_id=1)
    _, url, credentials = client_class.call_args.args
    assert (url, credentials.email, credentials.password) == (URL, EMAIL, PASSWORD)


@pytest.mark.parametrize("verify_ssl", [True, False])
async def test_the_certificate_is_checked_unless_told_otherwise(
    hass: HomeAssistant, client_class: MagicMock, verify_ssl: bool
) -> None:
    """The session follows the check box, which is on at first."""
    result = await start(hass)
    assert result["data_schema"] is not None
    without_answer = {key: CONNECTION[key] for key in (CONF_URL, CONF_EMAIL, CONF_PASSWORD)}
    assert result["data_schema"](without_answer)[CONF_VERIFY_SSL] is True
    with patch(f"{FLOW}.async_get_clientsession") as get_session:
        await submit(hass, result, {**CONNECTION, CONF_VERIFY_SSL: verify_ssl})
    get_session.assert_called_once_with(hass, verify_ssl)
    assert client_class.call_args.args[0] is get_session.return_value


@pytest.mark.parametrize(("error", "field", "key", "placeholders"), ERRORS)
@pytest.mark.parametrize("call", ["ensure_supported", "sign_in", "get_user", "get_assets"])
async def test_each_failure_has_its_own_sentence_and_can_be_mended(
    hass: HomeAssistant,
    client: MagicMock,
    call: str,
    error: FlexMeasuresError,
    field: str,
    key: str,
    placeholders: dict[str, str],
) -> None:
    """After any failure the form keeps what was entered, except the password, and the next try succeeds."""
    result = await start(hass)
    failing = getattr(client, call)
    failing.side_effect = error
    result = await submit(hass, result, CONNECTION)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {field: key}
    assert result["description_placeholders"] == placeholders
    assert suggested(result) == {
        CONF_URL: URL,
        CONF_EMAIL: EMAIL,
        CONF_VERIFY_SSL: True,
    }

    failing.side_effect = None
    result = await submit(hass, result, CONNECTION)
    assert result["step_id"] == "site"
    result = await submit(hass, result, {CONF_SITE_ID: str(CABIN)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("flexmeasures.example.com", "url_without_scheme"),
        ("ftp://flexmeasures.example.com", "url_without_scheme"),
        ("https://me:secret@flexmeasures.example.com", "url_with_user"),
        ("https://flexmeasures.example.com/?next=/", "url_with_query"),
        ("https://flexmeasures.example.com/#top", "url_with_query"),
        ("https://", "url_invalid"),
        ("https://flex measures", "url_invalid"),
        ("https://flexmeasures.example.com:99999", "url_invalid"),
    ],
)
async def test_a_wrong_address_is_refused_before_anything_is_sent(
    hass: HomeAssistant, client_class: MagicMock, url: str, key: str
) -> None:
    """The reason stands at the address, which stays in the form."""
    result = await submit(hass, await start(hass), {**CONNECTION, CONF_URL: url})
    assert result["errors"] == {CONF_URL: key}
    assert suggested(result)[CONF_URL] == url
    client_class.assert_not_called()
    assert (await submit(hass, result, CONNECTION))["step_id"] == "site"


@pytest.mark.parametrize("field", [CONF_EMAIL, CONF_PASSWORD])
async def test_an_empty_field_is_refused_before_anything_is_sent(
    hass: HomeAssistant, client_class: MagicMock, field: str
) -> None:
    """Blanks are no account."""
    result = await submit(hass, await start(hass), {**CONNECTION, field: " "})
    assert result["errors"] == {field: "empty"}
    client_class.assert_not_called()
    assert (await submit(hass, result, CONNECTION))["step_id"] == "site"
