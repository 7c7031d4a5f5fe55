"""The simulated S2 devices of the demo: each knocks, is accepted through the form, and comes back with its own secret."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
import json
from pathlib import Path
from urllib.parse import urlsplit

from custom_components.flexmeasures.const import SUBENTRY_S2_DEVICE

from .configure import Device, expect, wait_for_entities, wait_until_loaded
from .home_assistant import Flow, HomeAssistantApi
from .resource_managers.__main__ import DEVICES
from .resource_managers.connection import run

PAIRING_SECONDS = 30
POLL_SECONDS = 0.3
# Those of them that a device has before it says anything.
ENTITIES = frozenset(
    {
        "control_type",
        "follow_schedule",
        "last_instruction",
        "measured_power",
        "mode",
        "plan_status",
        "s2_connected",
        "scheduled_power",
    }
)


# Those that come with what devices of a control type tell of themselves.
_TOLD = {
    "FILL_RATE_BASED_CONTROL": {
        "expected_state_of_charge",
        "measured_fill_level",
        "measured_state_of_charge",
        "operation_mode",
        "power_setpoint",
    },
    "OPERATION_MODE_BASED_CONTROL": {"operation_mode", "power_setpoint"},
    "DEMAND_DRIVEN_BASED_CONTROL": {"demand", "power_setpoint"},
    "POWER_ENVELOPE_BASED_CONTROL": {"power_setpoint"},
}


class S2Devices:
    """Runs the devices for as long as the demo runs; their secrets are kept between runs.

    Attributes:
        paths: where each device may connect, by its kind: a path with the device's secret in it.
    """

    def __init__(self, tasks: asyncio.TaskGroup, url: str, file: Path) -> None:
        """Let those go on that were accepted before.

        Args:
            tasks: what the devices run in.
            url: of Home Assistant.
            file: where the paths are kept.
        """
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []
        self._url = "ws" + url.removeprefix("http")
        self._file = file
        self.paths: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        for kind, path in self.paths.items():
            self._start(kind, path)

    def _start(self, kind: str, path: str) -> None:
        device = DEVICES[kind](datetime.now(UTC))
        self._running.append(self._tasks.create_task(run(device, self._url + path)))

    def stop(self) -> None:
        """End them all."""
        for task in self._running:
            task.cancel()

    async def accept(self, api: HomeAssistantApi, entry_id: str) -> tuple[Device, ...]:
        """Let the missing devices knock and accept them one by one; return all, following their schedules."""
        for kind in DEVICES:
            if kind not in self.paths:
                self.paths[kind] = await self._pair(api, entry_id, kind)
                self._file.write_text(json.dumps(self.paths), encoding="utf-8")
                await wait_until_loaded(api, entry_id)
        found = [
            Device(
                name=str(subentry["title"]),
                entities=await wait_for_entities(
                    api, str(subentry["subentry_id"]), _entities_of(str(subentry["title"]))
                ),
            )
            for subentry in await api.subentries(entry_id)
            if subentry["subentry_type"] == SUBENTRY_S2_DEVICE
        ]
        switches = [device.entities["follow_schedule"] for device in found]
        await api.call_action("switch.turn_on", target={"entity_id": switches})
        return tuple(found)

    async def _pair(self, api: HomeAssistantApi, entry_id: str, kind: str) -> str:
        """Start a device where the form says, accept it once it waits, and return its path.

        Raises:
            TimeoutError: it did not come.
        """
        flow = await api.start_subentry_flow(entry_id, SUBENTRY_S2_DEVICE)
        flow = await api.continue_subentry_flow(expect(flow, "user"), {"next_step_id": "pair"})
        path = urlsplit(str(flow.result["description_placeholders"]["address"])).path
        self._start(kind, path)
        async with asyncio.timeout(PAIRING_SECONDS):
            while not (waiting := next(_waiting(flow), None)):
                await asyncio.sleep(POLL_SECONDS)
                flow = await api.continue_subentry_flow(flow, {})
        accepted = await api.continue_subentry_flow(flow, {"device": waiting})
        expect(accepted, "create_entry")
        return path


def _entities_of(name: str) -> frozenset[str]:
    """Return the keys of the entities that a device of this name gets once it is connected."""
    control_type = next(device.control_type for device in DEVICES.values() if device.name == name)
    return ENTITIES | _TOLD.get(control_type, set())


def _waiting(flow: Flow) -> Iterator[str]:
    """Yield the devices that the form offers."""
    for field in flow.fields:
        if field["name"] == "device":
            for option in field["selector"]["select"]["options"]:
                yield str(option["value"])


@asynccontextmanager
async def s2_devices(url: str, file: Path) -> AsyncIterator[S2Devices]:
    """Run the accepted devices, and those that are accepted meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        devices = S2Devices(tasks, url, file)
        try:
            yield devices
        finally:
            devices.stop()
