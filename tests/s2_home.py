"""A home at noon whose S2 device is measured, planned and told what to do: what becomes of it, and how time passes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self, cast
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import ScheduleResult, Sensor, SensorData
from custom_components.flexmeasures.controller import Controller
from custom_components.flexmeasures.plan_models import DevicePlan
from custom_components.flexmeasures.s2.wire import JsonObject
from custom_components.flexmeasures.s2_device import S2Device

from . import site
from .conftest import make_entry
from .planning import NOON, now, planner_of
from .s2_devices import ConnectedDevice, finish_plans, s2_subentry
from .s2_words import idle_storage
from .site_actions import call_on
from .test_init import set_up

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
# An asset of the small site (its solar panels) without sensors for an S2 device.
ASSET = 4
_FIRST_CREATED = 201
# The clock of a test may jump further than pings come.
_NO_PING = 10**6  # s

type Values = tuple[float | None, ...]


@dataclass(kw_only=True)
class S2Home:
    """One S2 device on an asset without sensors for it, in a real Home Assistant.

    Attributes:
        http: makes a client that speaks to Home Assistant as devices do.
        created: the sensors that the server was asked for, in their order.
        entry: of the site, once it is set up.
    """

    hass: HomeAssistant
    clock: FrozenDateTimeFactory
    client: AsyncMock
    http: ClientSessionGenerator
    created: list[dict[str, Any]] = field(default_factory=list)
    entry: MockConfigEntry = field(init=False)

    async def create_sensor(self, **facts: Any) -> Sensor:
        """Create a sensor as the server does."""
        self.created.append(facts)
        number = _FIRST_CREATED - 1 + len(self.created)
        sensor = Sensor(id=number, **{**facts, "attributes": facts["attributes"] or {}})
        self.client.get_sensors.return_value = (*self.client.get_sensors.return_value, sensor)
        return sensor

    def created_id(self, name: str) -> int:
        """Return the id of the created sensor with the name."""
        return [facts["name"] for facts in self.created].index(name) + _FIRST_CREATED

    def plan(self, *powers: float) -> None:
        """Let the server plan the powers (W) in turn, a quarter-hour each."""
        self.client.trigger_and_get_schedule.side_effect = site.plan(*powers)

    def replace_values(self, change: Callable[[int, Values], Values]) -> None:
        """Let the server tell other values than it has: what becomes of those of a sensor, which is named by its id."""
        read = self.client.get_sensor_data.side_effect

        async def changed(sensor_id: int, **asked: Any) -> SensorData:
            told: SensorData = await read(sensor_id, **asked)
            return replace(told, values=change(sensor_id, told.values))

        self.client.get_sensor_data.side_effect = changed

    def posts(self, name: str) -> list[dict[str, Any]]:
        """Return what was posted to the created sensor with the name, oldest first."""
        number = self.created_id(name)
        calls = self.client.post_sensor_data.call_args_list
        return [call.kwargs for call in calls if call.args[0] == number]

    async def set_up(self, *subentries: ConfigSubentryData) -> Self:
        """Set the site up with these devices; return the home."""
        self.entry = make_entry(*subentries)
        self.entry.add_to_hass(self.hass)
        await set_up(self.hass, self.entry)
        return self

    @property
    def s2_device(self) -> S2Device:
        """Return the only S2 device as Home Assistant knows it; another one after a reload."""
        (device,) = self.entry.runtime_data.s2.devices.values()
        return cast("S2Device", device)

    @property
    def controller(self) -> Controller:
        """Return the controller of the only S2 device; another one after a reload."""
        (subentry,) = self.entry.get_subentries_of_type("s2_device")
        return cast("Controller", self.entry.runtime_data.controllers[subentry.subentry_id])

    @property
    def current_plan(self) -> DevicePlan:
        """Return the plan of the only S2 device, which has one."""
        plan = planner_of(self.entry).plan(self.s2_device.settings.subentry_id)
        assert plan
        return plan

    async def until(self, length: timedelta) -> None:
        """Let it become so long after noon, and everything that is due happen."""
        self.clock.move_to(NOON + length)
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done()
        await finish_plans(self.hass)

    async def pass_ten_seconds(self) -> None:
        """Let the ten seconds after noon pass, in which sensors are created and the first plan is asked for."""
        for second in (1, 2, 5, 10):
            await self.until(second * SECOND)

    async def pass_minutes(self, count: int) -> None:
        """Let so many minutes pass, one by one."""
        for _ in range(count):
            await self.until(now(self.clock) + MINUTE - NOON)

    @asynccontextmanager
    async def first_plan(self, *, is_refused: bool = False) -> AsyncIterator[None]:
        """Let ten seconds pass at the end, and wait for a plan of more than the small site's battery.

        Args:
            is_refused: a plan without the S2 device will do.
        """
        trigger, planned = self.client.trigger_and_get_schedule, asyncio.Event()
        answer = trigger.side_effect

        async def plan(*ids: int, **asked: Any) -> ScheduleResult:
            result: ScheduleResult = await answer(*ids, **asked)
            if asked["sensor_ids"] != [site.BATTERY_POWER] or is_refused:
                planned.set()
            return result

        trigger.side_effect = plan
        yield
        await self.pass_ten_seconds()
        async with asyncio.timeout(5):
            await planned.wait()
        await self.hass.async_block_till_done()

    async def connect(self, *words: JsonObject, control_type: str = "") -> ConnectedDevice:
        """Return a device that follows the control type (its own first choice without one) and has said the words."""
        with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", _NO_PING):
            device = await ConnectedDevice.knock(self.hass, await self.http())
            await device.follow(*filter(None, [control_type]))
        for word in words:
            await device.say(word)
        return device

    async def connect_storage(self, *, is_refused: bool = False) -> ConnectedDevice:
        """Return an idle storage, connected, described and planned, ten seconds after noon."""
        async with self.first_plan(is_refused=is_refused):
            return await self.connect(*idle_storage())

    async def reload(self, device: ConnectedDevice) -> None:
        """Reload the entry, for which the device is let go."""
        reloading = self.hass.async_create_task(
            self.hass.config_entries.async_reload(self.entry.entry_id)
        )
        await device.closed()
        await reloading

    def state(self, entity_id: str) -> State:
        """Return what an entity shows."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state

    async def act(self, service: str, entity_id: str, **data: object) -> None:
        """Call an action on an entity."""
        domain = entity_id.split(".", maxsplit=1)[0]
        await self.hass.services.async_call(
            domain, service, {"entity_id": entity_id, **data}, blocking=True
        )
        await self.hass.async_block_till_done()

    async def call(self, action: str, **data: Any) -> dict[str, Any]:
        """Call an action of the integration on the asset's device; return its response."""
        return await call_on(self.hass, self.entry, ASSET, action, **data)


@pytest.fixture
def empty_home(
    hass: HomeAssistant,
    client: AsyncMock,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> S2Home:
    """Return a home at noon that is not set up; planned are 2500 W and 0 W in turn."""
    freezer.move_to(NOON)
    home = S2Home(hass=hass, clock=freezer, client=client, http=hass_client_no_auth)
    client.add_sensor.side_effect = home.create_sensor
    home.plan(2500.0, 0.0)
    return home


@pytest.fixture
async def home(empty_home: S2Home) -> S2Home:
    """Return the home, set up with an S2 device that has not come yet."""
    return await empty_home.set_up(s2_subentry(asset=ASSET))


@pytest.fixture
async def device(home: S2Home) -> ConnectedDevice:
    """Return the home's device: an idle storage that is planned, ten seconds after noon."""
    return await home.connect_storage()
