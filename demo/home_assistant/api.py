"""A client for Home Assistant's own REST and WebSocket API, as far as the demo and live tests need it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self

import aiohttp

POLL_SECONDS = 0.25

type Json = dict[str, Any]


class ApiError(Exception):
    """Home Assistant refused a request; the text holds its own words."""


@dataclass(frozen=True, slots=True)
class State:
    """The state of one entity."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]
    last_updated: datetime

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read one state of the REST API."""
        return cls(
            entity_id=data["entity_id"],
            state=data["state"],
            attributes=data["attributes"],
            last_updated=datetime.fromisoformat(data["last_updated"]),
        )

    @property
    def number(self) -> float | None:
        """Return the state as a number; None when it is unknown or unavailable."""
        try:
            return float(self.state)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a config or subentry flow stands.

    Attributes:
        type: ``form``, ``menu``, ``create_entry`` or ``abort``.
        step: name of the form's step; None when it has ended.
        errors: error key per field of the form; ``base`` for the form as a whole.
        fields: the form's fields as Home Assistant describes them.
        result: the whole answer.
    """

    id: str
    type: str
    step: str | None
    errors: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Json, ...] = ()
    result: Json = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read an answer of the flow views."""
        return cls(
            id=data["flow_id"],
            type=data["type"],
            step=data.get("step_id"),
            errors=data.get("errors") or {},
            fields=tuple(data.get("data_schema") or ()),
            result=data,
        )


class HomeAssistantApi:
    """Acts as one signed-in user of one Home Assistant."""

    def __init__(self, session: aiohttp.ClientSession, url: str, access_token: str) -> None:
        """Use a session that somebody else closes."""
        self._session = session
        self._url = url
        self._access_token = access_token

    # REST

    async def request(self, method: str, path: str, data: Json | None = None) -> Any:
        """Send a request to ``/api/...`` and return the JSON answer.

        Raises:
            ApiError: the answer is an error.
        """
        headers = {"Authorization": f"Bearer {self._access_token}"}
        async with self._session.request(
            method, f"{self._url}/api/{path}", json=data, headers=headers
        ) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                text = (await response.text())[:500]
                raise ApiError(f"{method} {path}: {response.status} {text}")
            return await response.json()

    async def is_running(self) -> bool:
        """Return whether the start of Home Assistant is complete."""
        config: Json = await self.request("GET", "config")
        return bool(config["state"] == "RUNNING")

    async def version(self) -> str:
        """Return the version of Home Assistant."""
        config: Json = await self.request("GET", "config")
        return str(config["version"])

    async def states(self) -> dict[str, State]:
        """Return all states by entity id."""
        rows: list[Json] = await self.request("GET", "states")
        return {row["entity_id"]: State.from_json(row) for row in rows}

    async def state(self, entity_id: str) -> State:
        """Return one state; ApiError when there is no such entity."""
        return State.from_json(await self.request("GET", f"states/{entity_id}"))

    async def wait_for_state(
        self, entity_id: str, accept: Callable[[State], bool], *, timeout: float
    ) -> State:
        """Return the first state of an entity that is accepted, looking four times a second.

        Raises:
            TimeoutError: there was none in time, with the last state in the message.
        """
        last = "no such entity"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while loop.time() < deadline:
            state = (await self.states()).get(entity_id)
            if state is not None and accept(state):
                return state
            last = state.state if state is not None else last
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"{entity_id} after {timeout:.0f} s: {last}")

    # Config entries and their flows

    async def entries(self, domain: str) -> list[Json]:
        """Return the config entries of a domain."""
        rows: list[Json] = await self.request("GET", f"config/config_entries/entry?domain={domain}")
        return rows

    async def reload_entry(self, entry_id: str) -> None:
        """Unload and set up an entry."""
        await self.request("POST", f"config/config_entries/entry/{entry_id}/reload")

    async def set_entry_disabled(self, entry_id: str, *, disabled: bool) -> None:
        """Unload an entry for good, or set it up again."""
        await self.command(
            "config_entries/disable",
            entry_id=entry_id,
            disabled_by="user" if disabled else None,
        )

    async def remove_entry(self, entry_id: str) -> None:
        """Delete an entry."""
        await self.request("DELETE", f"config/config_entries/entry/{entry_id}")

    async def start_flow(self, domain: str) -> Flow:
        """Begin to add an entry."""
        return await self._flow("flow", {"handler": domain})

    async def start_reconfigure_flow(self, domain: str, entry_id: str) -> Flow:
        """Begin to change the connection of an entry."""
        return await self._flow("flow", {"handler": domain, "entry_id": entry_id})

    async def start_subentry_flow(self, entry_id: str, subentry_type: str) -> Flow:
        """Begin to add a subentry."""
        handler = [entry_id, subentry_type]
        return await self._flow("subentries/flow", {"handler": handler})

    async def continue_flow(self, flow: Flow, answers: Json) -> Flow:
        """Fill in a form of a config flow."""
        return await self._flow(f"flow/{flow.id}", answers)

    async def continue_subentry_flow(self, flow: Flow, answers: Json) -> Flow:
        """Fill in a form of a subentry flow."""
        return await self._flow(f"subentries/flow/{flow.id}", answers)

    async def start_options_flow(self, entry_id: str) -> Flow:
        """Begin to change the options of an entry."""
        return await self._flow("options/flow", {"handler": entry_id})

    async def continue_options_flow(self, flow: Flow, answers: Json) -> Flow:
        """Fill in a form of an options flow."""
        return await self._flow(f"options/flow/{flow.id}", answers)

    async def _flow(self, path: str, data: Json) -> Flow:
        answer = await self.request("POST", f"config/config_entries/{path}", data)
        return Flow.from_json(answer)

    # WebSocket

    async def command(self, command: str, **fields: Any) -> Any:
        """Send one WebSocket command and return its result.

        Each command has a connection of its own: this costs milliseconds and needs no task that keeps it alive.

        Raises:
            ApiError: Home Assistant refused the command.
        """
        async with self._session.ws_connect(f"{self._url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self._access_token})
            if (await socket.receive_json())["type"] != "auth_ok":
                raise ApiError("the access token was refused")
            await socket.send_json({"id": 1, "type": command, **fields})
            answer: Json = await socket.receive_json()
            if not answer["success"]:
                raise ApiError(f"{command}: {answer['error']['message']}")
            return answer["result"]

    async def call_action(
        self,
        action: str,
        data: Json | None = None,
        *,
        target: Json | None = None,
        response: bool = False,
    ) -> Any:
        """Call an action such as ``button.press`` and return its response, if one is wanted.

        Raises:
            ApiError: the action failed; the text is what a person would read.
        """
        domain, service = action.split(".", 1)
        result: Json = await self.command(
            "call_service",
            domain=domain,
            service=service,
            service_data=data or {},
            target=target or {},
            return_response=response,
        )
        return result.get("response")

    async def entity_registry(self) -> list[Json]:
        """Return all registered entities."""
        rows: list[Json] = await self.command("config/entity_registry/list")
        return rows

    async def device_registry(self) -> list[Json]:
        """Return all registered devices."""
        rows: list[Json] = await self.command("config/device_registry/list")
        return rows

    async def subentries(self, entry_id: str) -> list[Json]:
        """Return the subentries of an entry."""
        rows: list[Json] = await self.command("config_entries/subentries/list", entry_id=entry_id)
        return rows

    async def save_dashboard(self, path: str, title: str, icon: str, config: Json) -> None:
        """Create a dashboard, or replace the one at this path (which needs a hyphen)."""
        existing: list[Json] = await self.command("lovelace/dashboards/list")
        if not any(each["url_path"] == path for each in existing):
            await self.command(
                "lovelace/dashboards/create",
                url_path=path,
                title=title,
                icon=icon,
                show_in_sidebar=True,
                require_admin=False,
                mode="storage",
            )
        await self.command("lovelace/config/save", url_path=path, config=config)

    async def set_default_dashboard(self, path: str) -> None:
        """Make a dashboard the page that Home Assistant opens with."""
        await self.command("frontend/set_system_data", key="core", value={"default_panel": path})

    async def set_locale(self, **settings: str) -> None:
        """Set how the user reads times and numbers: ``time_format``, ``time_zone`` and so on; the language is English."""
        default = "language"
        value = {
            "language": "en",
            "number_format": default,
            "time_format": default,
            "date_format": default,
            "first_weekday": default,
            "time_zone": "local",
            **settings,
        }
        await self.command("frontend/set_user_data", key="language", value=value)
