"""A server that answers like FlexMeasures, quickly and from nothing, and counts what it is asked.

``python -m bench.server SENSORS`` prints its port and serves until its standard input ends.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import cycle
import subprocess
import sys
import time

from aiohttp import ClientSession, web
from aiohttp.typedefs import Middleware
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
# An asset of a home has a handful of sensors; these are what an S2 battery wants to find.
S2_SENSORS = {
    "power": "kW",
    "state of charge": "kWh",
    "usage forecast": "kW",
    "gain forecast": "kW",
    "consumption forecast": "kW",
}
_FOR_S2 = "for-s2"
_ASKED: web.AppKey[Counter[str]] = web.AppKey("asked")
# A measured sensor knows the hour that the integration looks back, in quarter-hours, and nothing of the future:
# the kind that has to be asked most often.
_KNOWN_VALUES = 4


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_application(
    sensors: int,
    *,
    resolution: timedelta = timedelta(minutes=15),
    take_values: Handler | None = None,
    before: Iterable[Middleware] = (),
    for_s2: bool = False,
) -> web.Application:
    """Return the application.

    Args:
        sensors: how many sensors the site has.
        resolution: theirs, in whole minutes.
        take_values: answers posts of values; by default they are accepted and forgotten.
        before: what every request passes first.
        for_s2: whether each asset has what an S2 battery wants to find; otherwise all sensors are of power.
    """
    application = web.Application(middlewares=[_count, *before], client_max_size=16 * 1024**2)
    application[_ASKED] = Counter()
    application.on_response_prepare.append(_add_headers)
    step = resolution // timedelta(minutes=1)
    versions = {"versions": ["v3_0"], "flexmeasures_version": _VERSION}
    token = {"auth_token": "token", "user_id": 1, "status": 200}
    router = application.router
    router.add_get("/api/", _answers(versions))
    router.add_post(SIGN_IN, _answers(token))
    router.add_get(f"{_API}/assets", _answers(_assets(sensors)))
    router.add_get(f"{_API}/sensors", _answers(_sensors(sensors, step, for_s2=for_s2)))
    accepted = _answers({"status": "ACCEPTED", "job": "1"}, 202)
    account = {"id": ACCOUNT, "name": "Our account"}
    router.add_get(f"{_API}/accounts/{ACCOUNT}", _answers(account))
    router.add_get(f"{_API}/sensors/{{id}}/data", _recent_values(step))
    router.add_post(f"{_API}/sensors/{{id}}/data", take_values or accepted)
    router.add_get(f"{_API}/jobs/{{id}}", _answers({"status": "FINISHED"}))
    router.add_get(COUNTS, _counts)
    router.add_post("/write", _take_points)  # InfluxDB, which is compared with
    return application


async def _take_points(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


def _answers(data: object, status: int = 200) -> Handler:
    content = orjson.dumps(data)

    async def answer(request: web.Request) -> web.Response:
        return _json(content, status)

    return answer


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
async def _count(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path != COUNTS:
        request.app[_ASKED][f"{request.method} {request.path}"] += 1
    return await handler(request)


async def _counts(request: web.Request) -> web.Response:
    return _json(orjson.dumps(request.app[_ASKED]))


def _recent_values(step: int) -> Handler:
    values = [1.0] * _KNOWN_VALUES + [None] * 192
    length = {"duration": f"PT{len(values) * step}M", "resolution": f"PT{step}M"}

    async def answer(request: web.Request) -> web.Response:
        start = datetime.fromisoformat(request.query["start"]).isoformat()
        unit = request.query["unit"]
        return _json(orjson.dumps({"start": start, **length, "unit": unit, "values": values}))

    return answer


def _asset_id(sensor: int) -> int:
    return SITE + 1 + sensor // len(S2_SENSORS)


def _assets(sensors: int) -> list[dict[str, object]]:
    kind = {"id": 1, "name": "building"}
    site = {"id": SITE, "name": "Home", "account_id": ACCOUNT, "generic_asset_type": kind}
    ids = sorted({_asset_id(sensor) for sensor in range(sensors)})
    below = [{**site, "id": id_, "name": f"Asset {id_}", "parent_asset_id": SITE} for id_ in ids]
    return [site, *below]


def _sensors(sensors: int, step: int, *, for_s2: bool) -> list[dict[str, object]]:
    power = ((f"power {sensor}", "kW") for sensor in range(sensors))
    named = cycle(S2_SENSORS.items()) if for_s2 else power
    return [
        {
            "id": FIRST_SENSOR + sensor,
            "name": name,
            "unit": unit,
            "event_resolution": f"PT{step}M",
            "timezone": "Europe/Amsterdam",
            "generic_asset_id": _asset_id(sensor),
            "attributes": "{}",
        }
        for sensor, (name, unit) in zip(range(sensors), named, strict=False)
    ]


@asynccontextmanager
async def running_server(sensors: int, *, for_s2: bool = False) -> AsyncIterator[str]:
    """Run the server in a process of its own, so that its work is not taken for ours; yield its address."""
    more = [_FOR_S2] if for_s2 else []
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__, str(sensors), *more),
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


async def _serve(sensors: int, *, for_s2: bool) -> None:
    runner = web.AppRunner(make_application(sensors, for_s2=for_s2))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), for_s2=_FOR_S2 in sys.argv))
