"""Creates the owner of a new Home Assistant, or signs in, as its own frontend does."""

from dataclasses import asdict, dataclass, field
from http import HTTPStatus
import json
from pathlib import Path

import aiohttp

USERNAME = "demo"
PASSWORD = "demo"  # noqa: S105 - of a Home Assistant on loopback, printed for its user
LIFESPAN_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one needs to act as the owner.

    Attributes:
        access_token: valid for years.
        refresh_token: of the session in which the access token was made; the frontend wants to have one.
        client_id: whom the refresh token was given to.
    """

    client_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


async def sign_in(session: aiohttp.ClientSession, url: str, file: Path) -> Tokens:
    """Return tokens of the owner: those in ``file`` if they still work, else new ones, stored there.

    Raises:
        aiohttp.ClientError: Home Assistant refused.
    """
    if file.exists():
        tokens = Tokens(**json.loads(file.read_text(encoding="utf-8")))
        if await _works(session, url, tokens):
            return tokens
    client_id = f"{url}/"
    code = await _code(session, url, client_id)
    tokens = await _tokens(session, url, client_id, code)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(tokens)), encoding="utf-8")
    return tokens


async def _works(session: aiohttp.ClientSession, url: str, tokens: Tokens) -> bool:
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    async with session.get(f"{url}/api/", headers=headers) as response:
        return response.status == HTTPStatus.OK


async def _code(session: aiohttp.ClientSession, url: str, client_id: str) -> str:
    """Return an authorization code: of the owner that is created now, or of the one that exists."""
    owner = {
        "name": "Demo",
        "username": USERNAME,
        "password": PASSWORD,
        "language": "en",
        "client_id": client_id,
    }
    async with session.post(f"{url}/api/onboarding/users", json=owner) as response:
        if response.status == HTTPStatus.OK:
            return str((await response.json())["auth_code"])
    start = {
        "client_id": client_id,
        "handler": ["homeassistant", None],
        "redirect_uri": f"{url}/?auth_callback=1",
    }
    flows = f"{url}/auth/login_flow"
    async with session.post(flows, json=start, raise_for_status=True) as response:
        flow_id = (await response.json())["flow_id"]
    answer = {"client_id": client_id, "username": USERNAME, "password": PASSWORD}
    async with session.post(f"{flows}/{flow_id}", json=answer, raise_for_status=True) as response:
        return str((await response.json())["result"])


async def _tokens(session: aiohttp.ClientSession, url: str, client_id: str, code: str) -> Tokens:
    grant = {"grant_type": "authorization_code", "code": code, "client_id": client_id}
    async with session.post(f"{url}/auth/token", data=grant, raise_for_status=True) as response:
        short = await response.json()
    async with session.ws_connect(f"{url}/api/websocket") as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": short["access_token"]})
        await socket.receive_json()
        await socket.send_json(
            {
                "id": 1,
                "type": "auth/long_lived_access_token",
                "client_name": f"script/demo {short['refresh_token'][:8]}",
                "lifespan": LIFESPAN_DAYS,
            }
        )
        access_token = (await socket.receive_json())["result"]
    return Tokens(client_id, access_token, short["refresh_token"])
