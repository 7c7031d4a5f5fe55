"""Starts everything, configures what is not configured yet, and stops everything."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import signal
import sys
from threading import Thread
import webbrowser

import aiohttp

from custom_components.flexmeasures.client import (
    Credentials,
    FlexMeasuresClient,
    FlexMeasuresError,
)

from . import configure, dashboard
from .check import check, check_feeds
from .configure import Device, FlowError, Login
from .flexmeasures_server import FlexMeasuresServer, FlexMeasuresServerError, ServerUser
from .flexmeasures_server.server import stop_running
from .home_assistant import (
    PASSWORD,
    USERNAME,
    ApiError,
    HomeAssistant,
    StartError,
    free_port,
    is_in_use,
    stop_leftover,
)
from .progress import Progress
from .rehearsal import Outage
from .s2_check import check_s2
from .s2_devices import S2Devices, s2_devices
from .site import HOUR, PRICE_UNIT, QUARTER, Site, set_up_site
from .state import StateError, forget, only_one

FLEXMEASURES = "flexmeasures"
HOME_ASSISTANT = "home_assistant"
USUAL_PORT = 8123
# Automations hand the values over at once; storing them takes the server's worker a second or two.
FORECAST_SECONDS = 30
POLL_SECONDS = 0.3
# Home Assistant ends with this code when somebody asked for a restart.
RESTART_EXIT_CODE = 100

INSTALLER = ServerUser(
    account="Demo",
    email="demo@example.com",
    password="demo-password",  # noqa: S106 - of a server on loopback, printed for its user
    roles=("account-admin",),
)
EXPECTED_ERRORS = (
    ApiError,
    FlexMeasuresError,
    FlexMeasuresServerError,
    FlowError,
    StartError,
    StateError,
    TimeoutError,
)


class DemoError(Exception):
    """The demo cannot go on; the text is for the person who started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for.

    Attributes:
        root: the checkout.
        port: of Home Assistant; None takes the usual one, or any other if that is in use.
    """

    root: Path
    fresh: bool = False
    check: bool = False
    rehearse: bool = False
    port: int | None = None
    browser: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The flexible devices in Home Assistant, and those that speak S2."""

    devices: tuple[Device, ...]
    s2_devices: tuple[Device, ...]


class Demo:
    """Owns both servers for as long as the demo runs."""

    def __init__(self, options: Options) -> None:
        """Prepare; nothing is started or written yet."""
        self._options = options
        self._state = options.root / ".dev" / "demo"
        self._progress = Progress()

    async def run(self) -> int:
        """Run until the check is done or a signal comes; return the exit code.

        Raises:
            DemoError: it could not be started.
        """
        work = asyncio.create_task(self._run_alone())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt, work)
        try:
            return await work
        except asyncio.CancelledError:
            self._progress.say("stopped")
            return 130 if self._options.check else 0
        except Exception as error:
            expected, others = _split(error)
            if others:
                raise
            raise DemoError("; ".join(expected)) from error

    def _interrupt(self, work: asyncio.Task[int]) -> None:
        if not work.cancelling():
            self._progress.say("stopping")
            work.cancel()

    async def _run_alone(self) -> int:
        with only_one(self._state):
            await stop_leftover(self._state / HOME_ASSISTANT)
            if self._options.fresh:
                await asyncio.to_thread(stop_running, self._state / FLEXMEASURES)
                forget(self._state)
            async with AsyncExitStack() as stack:
                async with asyncio.TaskGroup() as group:
                    started = group.create_task(self._start_flexmeasures(stack))
                    home = group.create_task(self._start_home_assistant(stack))
                server, login, site = started.result()
                return await self._use(home.result(), server, login, site)

    async def _start_flexmeasures(
        self, stack: AsyncExitStack
    ) -> tuple[FlexMeasuresServer, Login, Site]:
        server = FlexMeasuresServer(
            self._state / FLEXMEASURES,
            environment=self._options.root / ".dev" / "flexmeasures",
            users=(INSTALLER,),
            report=lambda step: self._progress.say(f"FlexMeasures: {step}"),
        )
        await _in_daemon_thread(server.start)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        self._progress.say(f"FlexMeasures is ready at {server.url}")
        login = Login(url=server.url, email=INSTALLER.email, password=INSTALLER.password)
        async with aiohttp.ClientSession() as session:
            site = await set_up_site(_client(session, login))
        self._progress.say("site, devices and sensors are there")
        return server, login, site

    async def _start_home_assistant(self, stack: AsyncExitStack) -> HomeAssistant:
        components = self._options.root / "custom_components" / "flexmeasures"
        simulated = Path(__file__).parent / "custom_components" / "simulated_home"
        folder = self._state / HOME_ASSISTANT
        home = HomeAssistant(
            Path(sys.prefix),
            folder,
            port=self._port(),
            custom_components=(components, simulated),
        )
        stack.push_async_callback(home.stop)
        await home.start()
        await configure.add_simulated_home(home.api)
        self._progress.say(f"Home Assistant is ready at {home.url}")
        return home

    def _port(self) -> int:
        wanted = self._options.port
        if wanted is None:
            return free_port(USUAL_PORT)
        if is_in_use(wanted):
            raise DemoError(f"port {wanted} is in use")
        return wanted

    async def _use(
        self, home: HomeAssistant, server: FlexMeasuresServer, login: Login, site: Site
    ) -> int:
        async with s2_devices(home.url, self._state / "s2_paths") as s2:
            return await self._use_with_s2(home, server, login, site, s2)

    async def _use_with_s2(
        self,
        home: HomeAssistant,
        server: FlexMeasuresServer,
        login: Login,
        site: Site,
        s2: S2Devices,
    ) -> int:
        found = await self._configure(home, login, site, s2)
        if self._options.check:
            return 0 if await self._check(home, found, login, site) else 1
        if self._options.rehearse:
            async with aiohttp.ClientSession() as session:
                client = _client(session, login)
                outage = Outage(home, server, client, site, self._progress.say)
                return 0 if await outage.rehearse() else 1
        address = f"{home.url}/{dashboard.PATH}"
        print(
            f"\n  Home Assistant  {address}\n  user {USERNAME}, password {PASSWORD}\n"
            f"\n  FlexMeasures    {login.url}\n  user {login.email}, password {login.password}\n"
            "\nCtrl-C stops everything.",
            flush=True,
        )
        if self._options.browser:
            webbrowser.open(address)
        while (code := await home.wait()) == RESTART_EXIT_CODE:
            self._progress.say("Home Assistant restarts")
            await home.stop()
            await home.start()
        raise DemoError(f"Home Assistant ended by itself with exit code {code}")

    async def _check(self, home: HomeAssistant, found: Found, login: Login, site: Site) -> bool:
        """Prove both ways: plans reach the devices, and what is measured reaches the server."""
        follows = await check(home.api, found.devices)
        speaks = await check_s2(home.api, found.s2_devices)
        async with aiohttp.ClientSession() as session:
            arrives = await check_feeds(_client(session, login), site)
        return follows and speaks and arrives

    async def _configure(
        self, home: HomeAssistant, login: Login, site: Site, s2: S2Devices
    ) -> Found:
        """Fill in what a person would, as far as it was not done in an earlier run."""
        api, folder = home.api, self._state / HOME_ASSISTANT
        entry_id = await configure.add_site(api, login, site, self._state / "address")
        await configure.wait_until_loaded(api, entry_id)
        self._progress.say("integration is configured")
        await configure.send_forecasts(api, folder, entry_id, site)
        await _forecasts_have_arrived(login, site)
        self._progress.say("prices and forecasts are sent")
        await configure.add_feeds(api, entry_id, site)
        self._progress.say("measurements are fed")
        devices = await configure.add_devices(api, entry_id, site)
        await configure.follow_schedules(api, devices)
        self._progress.say("devices follow their schedules")
        s2_found = await s2.accept(api, entry_id)
        self._progress.say("S2 devices are accepted and follow, too")
        site_entities = await configure.find_site_entities(api, entry_id, site.consumption_price)
        await configure.save_dashboard(api, devices, s2_found, site_entities)
        self._progress.say("the dashboard is saved")
        return Found(devices, s2_found)


async def _in_daemon_thread(start: Callable[[], None]) -> None:
    """Wait for a blocking start without holding up the end of this process.

    An interrupt shall not wait until the server is up; the server ends by itself together with this process.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if not done.cancelled():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        error = None
        try:
            start()
        except BaseException as raised:  # noqa: BLE001 - raised again by whoever waits
            error = raised
        with suppress(RuntimeError):  # the loop is closed when nobody waits any more
            loop.call_soon_threadsafe(finish, error)

    Thread(target=run, daemon=True).start()
    await done


async def _forecasts_have_arrived(login: Login, site: Site) -> None:
    """Wait until the server has stored a value for now on every sensor that is planned with.

    Raises:
        TimeoutError: it has not.
    """
    waiting = {
        site.consumption_price: HOUR,
        site.feed_in_price: HOUR,
        site.house_consumption: QUARTER,
        site.solar_production: QUARTER,
    }
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(FORECAST_SECONDS):
            client = _client(session, login)
            for sensor, resolution in waiting.items():
                while not await _has_value_now(client, sensor, resolution):
                    await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        text = "prices and forecasts did not arrive at FlexMeasures"
        raise TimeoutError(text) from None


async def _has_value_now(client: FlexMeasuresClient, sensor: int, resolution: timedelta) -> bool:
    seconds = resolution.total_seconds()
    timestamp = datetime.now(UTC).timestamp() // seconds * seconds
    start = datetime.fromtimestamp(timestamp, UTC)
    unit = PRICE_UNIT if resolution == HOUR else "kW"
    data = await client.get_sensor_data(sensor, start=start, duration=resolution, unit=unit)
    return any(value is not None for value in data.values)


def _client(session: aiohttp.ClientSession, login: Login) -> FlexMeasuresClient:
    return FlexMeasuresClient(session, login.url, Credentials(login.email, login.password))


def _split(error: Exception) -> tuple[list[str], list[Exception]]:
    """Return the texts of expected errors inside an error, and all others."""
    if isinstance(error, ExceptionGroup):
        parts = [_split(each) for each in error.exceptions]
        return [t for texts, _ in parts for t in texts], [o for _, rest in parts for o in rest]
    if isinstance(error, (*EXPECTED_ERRORS, DemoError)):
        return [str(error)], []
    return [], [error]
