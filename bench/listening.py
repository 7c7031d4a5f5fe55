"""What a state change costs with a feed behind it, beside a bare listener and beside Home Assistant's InfluxDB export.

All three get the same changes of 200 entities over the real event bus; the first two through Home Assistant's tracker of
entities. InfluxDB's listener, thread and client are Home Assistant's own as they are by default; a server in
another process takes what they write.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import gc
from importlib import import_module
from pathlib import Path
import site
import threading
import time

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from .feeds import BEGIN, fed_home, meter
from .figures import Figure
from .server import running_server

_ENTITIES = 200
_CHANGES = 60
_ROUNDS = 9
_ATTRIBUTES = {
    "unit_of_measurement": "W",
    "device_class": "power",
    "state_class": "measurement",
    "friendly_name": "Meter",
}
# The environment with what that integration imports; the last in the search, so that nothing else comes from there.
_INFLUXDB = Path(__file__).resolve().parents[1] / ".dev/influxdb/lib/python3.14/site-packages"

type Changes = list[list[EventStateChangedData]]


async def measure_listening() -> list[Figure]:
    """Fire the same changes for entities that nobody tracks, that a bare listener tracks, and that are fed."""
    async with running_server(_ENTITIES) as url, fed_home(url, [0] * _ENTITIES) as (hass, entry):
        fed = [meter(number) for number in range(_ENTITIES)]
        bare = [f"sensor.bare_{number}" for number in range(_ENTITIES)]
        untracked = [f"sensor.untracked_{number}" for number in range(_ENTITIES)]
        # Every Home Assistant has somebody who hears all changes, such as its recorder, for whom the event is made.
        entry.async_on_unload(hass.bus.async_listen(EVENT_STATE_CHANGED, _bare))
        entry.async_on_unload(async_track_state_change_event(hass, bare, _bare))
        costs: dict[str, list[float]] = {"untracked": [], "bare": [], "fed": [], "influxdb": []}
        for number in range(_ROUNDS):
            costs["untracked"].append(_cost(hass, _changes(untracked, number)))
            costs["bare"].append(_cost(hass, _changes(bare, number)))
            costs["fed"].append(_cost(hass, _changes(fed, number)))
            with _influxdb(hass, url) as finish:
                costs["influxdb"].append(_cost(hass, _changes(untracked, number), finish))
    untracked_cost, bare_cost, fed_cost, influxdb_cost = (min(found) for found in costs.values())
    name = "a state change of a fed entity"
    return [
        Figure(
            name=f"{name}, above a bare listener", value=fed_cost - bare_cost, unit="µs", bound=3
        ),
        Figure(
            name=f"{name}, above one that nobody tracks", value=fed_cost - untracked_cost, unit="µs"
        ),
        Figure(
            name="a state change with InfluxDB's listener and thread, above one that nobody tracks",
            value=influxdb_cost - untracked_cost,
            unit="µs",
        ),
        Figure(
            name=f"{name}: relative to InfluxDB's listener and thread",
            value=(fed_cost - untracked_cost) / (influxdb_cost - untracked_cost),
            unit="times",
            bound=0.2,
        ),
    ]


@callback
def _bare(event: Event[EventStateChangedData]) -> None:
    """Do nothing."""


def _changes(entity_ids: list[str], number: int) -> Changes:
    """Return what happens in one round: every entity changes once a second."""
    begin = BEGIN + number * _CHANGES * timedelta(seconds=1)
    changes: Changes = []
    shown: dict[str, State | None] = dict.fromkeys(entity_ids)
    for second in range(_CHANGES):
        changes.append([])
        for position, entity_id in enumerate(entity_ids):
            state = State(
                entity_id,
                str(1000 * position + second + number / 7),
                _ATTRIBUTES,
                last_updated=begin + timedelta(seconds=second),
            )
            old, shown[entity_id] = shown[entity_id], state
            changes[-1].append({"entity_id": entity_id, "old_state": old, "new_state": state})
    return changes


def _cost(hass: HomeAssistant, changes: Changes, finish: Callable[[], None] | None = None) -> float:
    """Return microseconds of processor time of all threads, per change."""
    gc.collect()
    began = time.process_time()
    for second in changes:
        for change in second:
            hass.bus.async_fire_internal(EVENT_STATE_CHANGED, change)
    if finish:
        finish()
    return (time.process_time() - began) / _CHANGES / _ENTITIES * 1e6


@contextmanager
def _influxdb(hass: HomeAssistant, url: str) -> Iterator[Callable[[], None]]:
    """Run InfluxDB's thread; yield what waits until it has done all that was fired."""
    site.addsitedir(str(_INFLUXDB))
    influxdb = import_module("homeassistant.components.influxdb")
    defaults = influxdb.CONFIG_SCHEMA({influxdb.DOMAIN: {}})[influxdb.DOMAIN]
    config = defaults | {
        "api_version": "1",
        "database": "home_assistant",
        "host": "127.0.0.1",
        "port": URL(url).port,
        "ssl": False,
        "verify_ssl": False,
    }
    client = influxdb.get_influx_connection(config, test_write=True)
    write, written = client.write, 0

    def count(points: list[object]) -> None:
        nonlocal written
        written += len(points)
        write(points)

    client.write = count
    entry = MockConfigEntry(domain=influxdb.DOMAIN)
    thread = influxdb.InfluxThread(hass, entry, client, influxdb._generate_event_to_json(config), 0)
    thread.start()

    def finish() -> None:
        done = threading.Event()
        thread.queue.put(done)
        done.wait()

    try:
        yield finish
    finally:
        thread.shutdown()
        for stop in entry._on_unload or []:
            stop()
    if written != _ENTITIES * _CHANGES:
        raise RuntimeError(f"InfluxDB was given {written} points")
