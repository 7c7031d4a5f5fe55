"""A server that answers like FlexMeasures, quickly and from nothing, and counts what it is asked.

``python -m bench.server SENSORS`` prints its port and serves until its standard input ends.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
import subprocess
import sys
import time

from aiohttp import ClientSession, web
import orjson

SITE = 1
ACCOUNT = 1
FIRST_SENSOR = 100
COUNTS = "/counts"
SIGN_IN = "/api/requestAuthToken"
_API = "/api/v3_0"
_VERSION = "1.0.1"
_LIMIT = 1_000_000  # requests
_LIMIT_WITHIN = 60  # s
# An asset of a home has a handful of sensors: power, state of charge, forecasts, prices.
_SENSORS_PER_ASSET = 5
_ASKED: web.AppKey[Counter[str]] = web.AppKey("asked")
# A measured sensor knows the hour that the integration looks back, in quarter-hours, and nothing of the future:
# the kind that has to be asked most often.
_KNOWN_VALUES = 4


def _application(sensors: int) -> web.Application:
    application = web.Application(middlewares=[_count], client_max_size=16 * 1024**2)
    application[_ASKED] = Counter()
    application.on_response_prepare.append(_add_headers)

    def answers(
        data: object, status: int = 200
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        content = orjson.dumps(data)

        async def answer(request: web.Request) -> web.Response:
            return _json(content, status)

        return answer

    versions = {"versions": ["v3_0"], "flexmeasures_version": _VERSION}
    token = {"auth_token": "token", "user_id": 1, "status": 200}
    application.router.add_get("/api/", answers(versions))
    application.router.add_post(SIGN_IN, answers(token))
    application.router.add_get(f"{_API}/assets", answers(_assets(sensors)))
    application.router.add_get(f"{_API}/sensors", answers(_sensors(sensors)))
    accepted = answers({"status": "ACCEPTED", "job": "1"}, 202)
    account = {"id": ACCOUNT, "name": "Our account"}
    application.router.add_get(f"{_API}/accounts/{ACCOUNT}", answers(account))
    application.router.add_get(f"{_API}/sensors/{{id}}/data", _values)
    application.router.add_post(f"{_API}/sensors/{{id}}/data", accepted)
    application.router.add_get(COUNTS, _counts)
    return application


def _json(content: bytes, status: int = 200) -> web.Response:
    return web.Response(body=content, status=status, content_type="application/json")


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What FlexMeasures 1.0 says with every answer; the limit is one that nobody here comes near."""
    response.headers["FlexMeasures-Version"] = _VERSION
    response.headers["X-RateLimit-Limit"] = str(_LIMIT)
    response.headers["X-RateLimit-Remaining"] = str(_LIMIT - 1)
    response.headers["X-RateLimit-Reset"] = str(int(time.time()) + _LIMIT_WITHIN)
    response.headers["Retry-After"] = str(_LIMIT_WITHIN)


@web.middleware
async def _count(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.path != COUNTS:
        request.app[_ASKED][f"{request.method} {request.path}"] += 1
    return await handler(request)


async def _counts(request: web.Request) -> web.Response:
    return _json(orjson.dumps(request.app[_ASKED]))


async def _values(request: web.Request) -> web.Response:
    start = datetime.fromisoformat(request.query["start"])
    values = [1.0] * _KNOWN_VALUES + [None] * 192
    answer = {"start": start.isoformat(), "duration": "PT49H", "resolution": "PT15M"}
    return _json(orjson.dumps({**answer, "unit": request.query["unit"], "values": values}))


def _asset_id(sensor: int) -> int:
    return SITE + 1 + sensor // _SENSORS_PER_ASSET


def _assets(sensors: int) -> list[dict[str, object]]:
    kind = {"id": 1, "name": "building"}
    site = {"id": SITE, "name": "Home", "account_id": ACCOUNT, "generic_asset_type": kind}
    ids = sorted({_asset_id(sensor) for sensor in range(sensors)})
    below = [{**site, "id": id_, "name": f"Asset {id_}", "parent_asset_id": SITE} for id_ in ids]
    return [site, *below]


def _sensors(sensors: int) -> list[dict[str, object]]:
    return [
        {
            "id": FIRST_SENSOR + sensor,
            "name": f"power {sensor}",
            "unit": "kW",
            "event_resolution": "PT15M",
            "timezone": "Europe/Amsterdam",
            "generic_asset_id": _asset_id(sensor),
            "attributes": "{}",
        }
        for sensor in range(sensors)
    ]


@asynccontextmanager
async def running_server(sensors: int) -> AsyncIterator[str]:
    """Run the server in a process of its own, so that its work is not taken for ours; yield its address."""
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__, str(sensors)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = int(await server.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stdin.close()
        await server.wait()


async def counts(url: str) -> Counter[str]:
    """Return how often the server was asked what."""
    async with ClientSession() as session, session.get(url + COUNTS) as answer:
        return Counter(await answer.json())


async def _serve(sensors: int) -> None:
    runner = web.AppRunner(_application(sensors))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
