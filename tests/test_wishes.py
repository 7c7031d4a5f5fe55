"""What people want of their devices, and that it survives a restart."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.site_store import SiteStore
from custom_components.flexmeasures.wishes import SiteWishes, Wishes, next_time_of_day

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = tuple(
    map(ZoneInfo, ("Europe/Amsterdam", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"))
)
EVENING = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
SEVEN = time(7, 0)
EIGHTY_AT_SEVEN = Wishes(target=80.0, ready_by=SEVEN)


@pytest.fixture
async def store(hass: HomeAssistant) -> SiteStore:
    """Return the empty memory of a site."""
    store = SiteStore(hass, "entry")
    await store.async_load()
    return store


def test_ready_by_is_the_next_time_that_the_clock_on_the_wall_shows() -> None:
    assert EIGHTY_AT_SEVEN.ready_at(EVENING, AMSTERDAM) == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    early = datetime(2026, 11, 25, 5, 59, tzinfo=UTC)
    assert EIGHTY_AT_SEVEN.ready_at(early, AMSTERDAM) == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    then = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert EIGHTY_AT_SEVEN.ready_at(then, AMSTERDAM) == datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(target=80.0), Wishes(ready_by=SEVEN)])
def test_without_target_and_time_there_is_nothing_to_be_ready_for(wishes: Wishes) -> None:
    assert wishes.ready_at(EVENING, AMSTERDAM) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # 02:30 does not exist; an hour before the jump rather than after it.
        (date(2026, 3, 29), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        # 02:30 comes twice.
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_in_the_night_of_a_changed_clock_is_the_earlier_one(
    day: date, expected: datetime
) -> None:
    evening = datetime.combine(day, time(), AMSTERDAM).astimezone(UTC) - timedelta(hours=2)
    assert next_time_of_day(time(2, 30), evening, AMSTERDAM) == expected


@given(
    now=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)),
    wanted=st.times(),
    zone=st.sampled_from(ZONES),
)
def test_the_next_time_of_day_lies_within_a_day_and_an_hour(
    now: datetime, wanted: time, zone: ZoneInfo
) -> None:
    moment = next_time_of_day(wanted, now.replace(tzinfo=UTC), zone)
    assert timedelta(0) < moment - now.replace(tzinfo=UTC) <= timedelta(hours=25)


async def test_wishes_survive_a_restart(
    hass: HomeAssistant, hass_storage: dict[str, Any], store: SiteStore
) -> None:
    wishes = SiteWishes(store, ("car", "battery"))
    told: list[None] = []
    wishes.listeners.async_add(lambda: told.append(None))

    wishes.async_wish("car", EIGHTY_AT_SEVEN)
    wishes.async_wish("car", EIGHTY_AT_SEVEN)
    wishes.async_wish("battery", Wishes(keep_at_least=20.0, keep_at_most=90.0))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()

    assert len(told) == 2  # nothing changed the second time
    later = SiteStore(hass, "entry")
    await later.async_load()
    again = SiteWishes(later, ("car", "battery", "new"))
    assert again.of("car") == EIGHTY_AT_SEVEN
    assert again.of("battery") == Wishes(keep_at_least=20.0, keep_at_most=90.0)
    assert again.of("new") == Wishes()


async def test_the_site_is_saved_at_once_before_it_is_taken_down_and_can_be_forgotten(
    hass: HomeAssistant, hass_storage: dict[str, Any], store: SiteStore
) -> None:
    wishes = SiteWishes(store, ("car",))
    wishes.async_wish("car", EIGHTY_AT_SEVEN)

    await store.async_save()

    kept = hass_storage["flexmeasures.entry"]["data"]
    assert kept == {
        "wishes": {
            "car": {
                "target": 80.0,
                "ready_by": "07:00:00",
                "keep_at_least": None,
                "keep_at_most": None,
            }
        }
    }
    await store.async_remove()
    assert "flexmeasures.entry" not in hass_storage


async def test_a_site_that_kept_nothing_writes_no_file(
    hass_storage: dict[str, Any], store: SiteStore
) -> None:
    await store.async_save()
    assert "flexmeasures.entry" not in hass_storage


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"target": "80", "ready_by": 7, "keep_at_least": True, "keep_at_most": 101},
        {"target": -1, "ready_by": "25:00", "keep_at_least": None, "keep_at_most": [90]},
    ],
)
def test_what_makes_no_sense_is_no_wish(record: Any) -> None:
    assert Wishes.from_record(record) == Wishes()
