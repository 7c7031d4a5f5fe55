"""A process from the wish to run to the end of its run, and across a restart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.process_runs import ProcessRun, ProcessRuns, RunPhase
from custom_components.flexmeasures.site_store import SiteStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(hass: HomeAssistant) -> SiteStore:
    """Return the empty memory of a site."""
    store = SiteStore(hass, "entry")
    await store.async_load()
    return store


def phase(runs: ProcessRuns) -> RunPhase | None:
    """Return how far the washer is."""
    run = runs.of("washer")
    return run.phase if run else None


async def test_a_run_waits_is_placed_starts_and_is_done(store: SiteStore) -> None:
    runs = ProcessRuns(store, ("washer",))
    assert phase(runs) is None

    runs.async_request("washer", NOON)
    assert phase(runs) is RunPhase.WAITING
    runs.async_place("washer", NOON + HOUR)
    assert phase(runs) is RunPhase.PLACED
    runs.async_ran("washer", NOON + HOUR, HOUR / 4)
    runs.async_ran("washer", NOON + 2 * HOUR, HOUR / 4)
    assert phase(runs) is RunPhase.STARTED
    run = runs.of("washer")
    assert run
    assert (run.started_at, run.ran) == (NOON + HOUR, HOUR / 2)
    runs.async_finish("washer")
    assert phase(runs) is RunPhase.DONE
    runs.async_ran("washer", NOON + 3 * HOUR, HOUR)
    assert phase(runs) is RunPhase.DONE


async def test_a_run_under_way_is_neither_placed_anew_nor_withdrawn_nor_asked_for_twice(
    store: SiteStore,
) -> None:
    runs = ProcessRuns(store, ("washer",))
    runs.async_request("washer", NOON)
    runs.async_place("washer", NOON)
    runs.async_ran("washer", NOON, HOUR)
    before = runs.of("washer")

    runs.async_place("washer", NOON + HOUR)
    runs.async_withdraw("washer")
    runs.async_request("washer", NOON + HOUR)

    assert runs.of("washer") == before


async def test_a_run_that_has_not_started_can_be_withdrawn_and_asked_for_anew(
    store: SiteStore,
) -> None:
    runs = ProcessRuns(store, ("washer",))
    runs.async_request("washer", NOON)
    runs.async_request("washer", NOON + HOUR)
    assert runs.of("washer") == ProcessRun(requested_at=NOON + HOUR)

    runs.async_withdraw("washer")
    runs.async_withdraw("washer")
    runs.async_ran("washer", NOON, HOUR)

    assert runs.of("washer") is None


async def test_runs_survive_a_restart(
    hass: HomeAssistant, hass_storage: dict[str, Any], store: SiteStore
) -> None:
    runs = ProcessRuns(store, ("washer", "dryer"))
    runs.async_request("washer", NOON)
    runs.async_place("washer", NOON + HOUR)
    runs.async_ran("washer", NOON + HOUR, HOUR / 4)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()

    again = SiteStore(hass, "entry")
    await again.async_load()

    assert ProcessRuns(again, ("washer", "dryer")).of("washer") == runs.of("washer")
    assert ProcessRuns(again, ("dryer",)).of("washer") is None


@pytest.mark.parametrize(
    "record",
    [
        {"requested_at": None, "ran": 0},
        {"requested_at": NOON.isoformat()},
        {"requested_at": NOON.isoformat(), "ran": "long"},
        {"requested_at": "2026-11-22T12:00:00", "ran": 0},
        {"requested_at": NOON.isoformat(), "started_at": 5, "ran": 0},
    ],
)
async def test_what_is_no_run_is_dropped(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    record: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass_storage["flexmeasures.entry"] = {
        "version": 1,
        "data": {"process_runs": {"washer": record}},
    }
    store = SiteStore(hass, "entry")
    await store.async_load()

    assert ProcessRuns(store, ("washer",)).of("washer") is None
    assert "A kept run of a process is dropped" in caplog.text
