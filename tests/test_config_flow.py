"""Connecting to a server: what a person can do, and what is said when it fails."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntryDisabler, ConfigFlowResult
from homeassistant.const import (
    CONF_EMAIL,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_URL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    AssetType,
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    FlexMeasuresError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    ServerTooOldError,
    UnexpectedResponseError,
    UnknownUserError,
    ValidationError,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import (
    CONF_SITE_ID,
    DOMAIN,
)

from .device_dialogs import suggested
from .flow_samples import (
    BATTERY,
    CABIN,
    CONNECTION,
    EMAIL,
    HOME,
    PASSWORD,
    URL,
    add_entry,
    asset,
    fake_client,
    setup_entry,
)

__all__ = ["setup_entry"]

FLOW = "custom_components.flexmeasures.config_flow"
REQUEST = "GET /api/v3_0/users/7"


def response_error[E: ResponseError](kind: type[E], status: HTTPStatus, **more: Any) -> E:
    """Return an error as the client raises it for an answer."""
    return kind("the server's words", status=status, request=REQUEST, **more)


ERRORS: list[tuple[FlexMeasuresError, str, str, dict[str, str]]] = [
    (ConnectionFailedError("refused"), CONF_URL, "cannot_connect", {}),
    (RequestTimeoutError("too slow"), CONF_URL, "timeout", {}),
    (CertificateError("self-signed"), CONF_VERIFY_SSL, "certificate", {}),
    (
        response_error(UnexpectedResponseError, HTTPStatus.OK),
        CONF_URL,
        "not_flexmeasures",
        {},
    ),
    (
        ServerTooOldError(version="0.20.0", minimum="0.33.0"),
        CONF_URL,
        "server_too_old",
        {"version": "0.20.0", "minimum": "0.33.0"},
    ),
    (
        ServerTooOldError(version=None, minimum="0.33.0"),
        CONF_URL,
        "server_too_old",
        {"version": "?", "minimum": "0.33.0"},
    ),
    (
        response_error(WrongPasswordError, HTTPStatus.UNAUTHORIZED),
        CONF_PASSWORD,
        "wrong_password",
        {},
    ),
    (response_error(UnknownUserError, HTTPStatus.NOT_FOUND), CONF_EMAIL, "unknown_user", {}),
    (
        response_error(AuthenticationError, HTTPStatus.UNAUTHORIZED),
        CONF_EMAIL,
        "user_not_accepted",
        {},
    ),
    (response_error(PermissionDeniedError, HTTPStatus.FORBIDDEN), "base", "no_permission", {}),
    (response_error(NotFoundError, HTTPStatus.NOT_FOUND), "base", "not_found", {}),
    (
        response_error(RateLimitedError, HTTPStatus.TOO_MANY_REQUESTS, retry_after=47.0),
        "base",
        "rate_limited",
        {},
    ),
    (
        response_error(ServerError, HTTPStatus.BAD_GATEWAY),
        "base",
        "server_error",
        {"status": "502"},
    ),
    (
        response_error(ValidationError, HTTPStatus.UNPROCESSABLE_ENTITY),
        "base",
        "refused",
        {"message": "the server's words"},
    ),
    (InvalidInputError("email", "too long"), CONF_EMAIL, "refused", {"message": "too long"}),
]


@pytest.fixture
def client() -> MagicMock:
    """Return the server's client."""
    return fake_client()


@pytest.fixture(autouse=True)
def client_class(client: MagicMock) -> Iterator[MagicMock]:
    """Let the flow make this client."""
    with patch(f"{FLOW}.FlexMeasuresClient", return_value=client) as client_class:
        yield client_class


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the dialog."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


def offered(result: ConfigFlowResult, field: str) -> list[tuple[str, str]]:
    """Return value and label of each choice in a dropdown."""
    schema = result["data_schema"]
    assert schema is not None
    return [(option["value"], option["label"]) for option in schema.schema[field].config["options"]]


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


async def test_a_site_that_has_an_entry_is_not_offered(hass: HomeAssistant) -> None:
    """One entry per server and site."""
    add_entry(hass, site_id=HOME)
    result = await submit(hass, await start(hass), CONNECTION)
    assert offered(result, CONF_SITE_ID) == [(str(CABIN), "Cabin"), ("new", "new")]
    with pytest.raises(InvalidData):
        await submit(hass, result, {CONF_SITE_ID: str(HOME)})


async def test_the_same_site_on_another_server_is_offered(hass: HomeAssistant) -> None:
    """Numbers of sites mean something on their own server only."""
    add_entry(hass, site_id=HOME, url="https://other.example.com")
    result = await submit(hass, await start(hass), CONNECTION)
    result = await submit(hass, result, {CONF_SITE_ID: str(HOME)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_site_is_refused_twice(hass: HomeAssistant) -> None:
    """Two dialogs that are open at the same time do not make two entries."""
    first = await submit(hass, await start(hass), CONNECTION)
    second = await submit(hass, await start(hass), CONNECTION)
    await submit(hass, first, {CONF_SITE_ID: str(CABIN)})
    result = await submit(hass, second, {CONF_SITE_ID: str(CABIN)})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def create_site(hass: HomeAssistant) -> ConfigFlowResult:
    """Go to the form of a new site."""
    result = await submit(hass, await start(hass), CONNECTION)
    return await submit(hass, result, {CONF_SITE_ID: "new"})


async def test_a_person_creates_a_site(hass: HomeAssistant, client: MagicMock) -> None:
    """A building where Home Assistant is, under a name that can be changed."""
    hass.config.location_name = "Canal house"
    hass.config.latitude, hass.config.longitude = 52.37, 4.9
    client.add_asset.return_value = asset(99, "Boat")
    result = await create_site(hass)
    assert result["step_id"] == "create_site"
    assert suggested(result) == {CONF_NAME: "Canal house"}

    result = await submit(hass, result, {CONF_NAME: " Boat "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Boat"
    assert result["data"][CONF_SITE_ID] == 99
    client.add_asset.assert_awaited_once_with(
        name="Boat", type_id=6, account_id=1, latitude=52.37, longitude=4.9
    )


@pytest.mark.parametrize("reason", ["no sites", "all sites have entries"])
async def test_creating_is_what_remains_when_there_is_nothing_to_pick(
    hass: HomeAssistant, client: MagicMock, reason: str
) -> None:
    """An account without free sites goes straight to creating one."""
    if reason == "no sites":
        client.get_assets.return_value = (asset(BATTERY, "battery", parent_id=HOME),)
    else:
        add_entry(hass, site_id=HOME)
        add_entry(hass, site_id=CABIN)
    result = await submit(hass, await start(hass), CONNECTION)
    assert result["step_id"] == "create_site"


@pytest.mark.parametrize("call", ["get_asset_types", "add_asset"])
async def test_a_site_that_could_not_be_created_can_be_tried_again(
    hass: HomeAssistant, client: MagicMock, call: str
) -> None:
    """The name stays in the form."""
    client.add_asset.return_value = asset(99, "Boat")
    result = await create_site(hass)
    getattr(client, call).side_effect = response_error(PermissionDeniedError, HTTPStatus.FORBIDDEN)
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["errors"] == {"base": "no_permission"}
    assert suggested(result) == {CONF_NAME: "Boat"}

    getattr(client, call).side_effect = None
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_site_needs_a_name_and_a_type(hass: HomeAssistant, client: MagicMock) -> None:
    """A blank name and a server without buildings are told apart."""
    client.add_asset.return_value = asset(99, "Boat")
    result = await submit(hass, await create_site(hass), {CONF_NAME: " "})
    assert result["errors"] == {CONF_NAME: "empty"}

    types = client.get_asset_types.return_value
    client.get_asset_types.return_value = (AssetType(id=5, name="battery"),)
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["errors"] == {"base": "asset_type_missing"}
    assert result["description_placeholders"] == {"type": "building"}
    client.add_asset.assert_not_awaited()

    client.get_asset_types.return_value = types
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


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
