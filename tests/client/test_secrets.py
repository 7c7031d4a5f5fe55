"""Password and token stay inside, whatever is called and however it goes wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from inspect import Parameter, iscoroutinefunction, signature
import logging
import traceback
from typing import Final

import pytest

from custom_components.flexmeasures.client import (
    Credentials,
    FlexMeasuresClient,
    FlexMeasuresError,
    JsonValue,
    transport,
)
from custom_components.flexmeasures.client.answers import Answer

from .conftest import PASSWORD, FakeTime
from .fault_server import ECHO, Fault, FaultServer, Reply

# Of the first sign-in; after a refusal there is a second one.
TOKEN: Final = "token-"
HOUR: Final = timedelta(hours=1)

# What the calls need, by the names of their parameters.
ARGUMENTS: Final[dict[str, object]] = {
    "account_id": 1,
    "asset_id": 3,
    "content": "Holiday",
    "duration": HOUR,
    "end": datetime(2026, 3, 2, tzinfo=UTC),
    "file": b"event_start,event_value\n2026-03-01T00:00:00Z,1\n",
    "file_name": "values.csv",
    "flex_model": {"sensor": 2},
    "forecast_id": "a",
    "job_id": "a",
    "name": "battery",
    "parameters": {},
    "parent_id": 1,
    "reporter": "PandasReporter",
    "resolution": HOUR,
    "schedule_id": "a",
    "sensor_id": 2,
    "sensor_ids": [2],
    "start": datetime(2026, 3, 1, tzinfo=UTC),
    "timeout": timedelta(seconds=5),
    "type_id": 1,
    "unit": "kW",
    "until": datetime(2026, 3, 2, tzinfo=UTC),
    "values": [1.0],
}
# Given although they have defaults, because something has to be named; and nothing is waited for long.
SINGLED_OUT: Final = {
    "add_annotation": {"asset_id"},
    "get_annotations": {"asset_id"},
    "trigger_and_get_schedule": {"asset_id", "flex_model"},
    "trigger_schedule": {"asset_id"},
    "update_asset": {"name"},
    "update_sensor": {"name"},
    "upload_sensor_data": {"file_name"},
}
# They send nothing.
SILENT: Final = {"close"}


def calls() -> Iterator[str]:
    """Return the names of all calls of the client."""
    for name in dir(FlexMeasuresClient):
        if not name.startswith("_") and iscoroutinefunction(getattr(FlexMeasuresClient, name)):
            yield name


def arguments(name: str) -> dict[str, object]:
    """Return what a call needs."""
    parameters = list(signature(getattr(FlexMeasuresClient, name)).parameters.values())[1:]
    chosen = SINGLED_OUT.get(name, set()) | {"timeout"}
    return {
        parameter.name: ARGUMENTS[parameter.name]
        for parameter in parameters
        if parameter.kind is not Parameter.VAR_KEYWORD
        and (parameter.default is Parameter.empty or parameter.name in chosen)
    }


HOSTILE: Final = {
    "an empty object": Reply(),
    "a web page that echoes": Reply(
        status=502, body=f"<p>Authorization: {ECHO}</p>".encode(), content_type="text/html"
    ),
    "a refusal that echoes": Reply(
        status=422, body={"message": {"json": {ECHO: [f"{ECHO} is wrong."]}}}
    ),
    "a text that echoes": Reply(body=f"Hello {ECHO}".encode(), content_type="text/plain"),
    "broken JSON that echoes": Reply(body=f'{{"echo": "{ECHO}'.encode()),
    "another shape that echoes": Reply(body=[{"id": ECHO, "values": ECHO, "job": [ECHO]}]),
    "a redirection that echoes": Reply(
        status=302, headers={"Location": "https://evil.example/?auth_token=token-1"}
    ),
    "an endless wait": Reply(fault=Fault.STALL),
    "a cut": Reply(fault=Fault.CUT_IN_BODY, body={"echo": ECHO * 2}),
    "a limit": Reply(status=429, body={"message": f"{ECHO}: slow down."}),
    "a refused token": Reply(status=401, body={"message": f"{ECHO} is unknown."}),
}


@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", [name for name in calls() if name not in SILENT])
async def test_no_call_shows_a_secret(
    name: str,
    reply: Reply,
    client: FlexMeasuresClient,
    server: FaultServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither in a record of any logger at debug level, nor in an error, nor in a repr."""
    caplog.set_level(logging.DEBUG)
    server.version = "1.1.0"  # takes all calls
    await client.sign_in()
    if reply.fault is Fault.STALL:
        monkeypatch.setattr(transport, "ATTEMPT_TIME", 0.1)
    server.script(reply)
    texts = [repr(client)]

    try:
        texts.append(repr(await getattr(client, name)(**arguments(name))))
    except FlexMeasuresError as error:
        texts += error_texts(error)

    assert len(server.sign_ins) + len(server.requests) > 1
    texts += [record_text(record) for record in caplog.records]
    assert any(record.name.endswith("client.transport") for record in caplog.records)
    for secret in (PASSWORD, TOKEN):
        assert [text for text in texts if secret in text] == []


def error_texts(error: BaseException) -> list[str]:
    """Return all that an error says, and all that led to it."""
    chain = [error, error.__cause__, error.__context__]
    texts = [f"{one!s} {one!r} {vars(one)!r}" for one in chain if one is not None]
    return [*texts, "".join(traceback.format_exception(error))]


def record_text(record: logging.LogRecord) -> str:
    """Return all that a record says."""
    raised = record.exc_info[1] if record.exc_info else None
    told = "".join(error_texts(raised)) if raised else ""
    return f"{record.getMessage()} {record.args!r} {told}"


async def test_no_part_of_the_client_shows_a_secret(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """Who prints one in a debugger or a diagnosis, too."""
    server.script(Reply(body={"id": 1, "name": "Toy Account"}))
    await client.get_account(1)
    token = await client._connection.tokens.token()
    body: JsonValue = {"auth_token": TOKEN, "user_id": 1}
    request = transport.Request(method="POST", path="/x", body={"password": PASSWORD})
    answer = Answer(request="POST /x", status=200, data=body, headers={"Authorization": TOKEN})

    parts = (client, client._connection, client._connection.tokens, token, request, answer)
    texts = [repr(part) for part in (*parts, Credentials("a@b.c", PASSWORD))]

    assert token.text == "token-1"
    for secret in (PASSWORD, TOKEN):
        assert [text for text in texts if secret in text] == []
