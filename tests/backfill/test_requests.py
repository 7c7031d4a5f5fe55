"""What is asked of history: by the action, by the button and by a new feed, and what is refused."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy.exc import OperationalError

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.history import async_replay

from .. import site
from ..conftest import feed_subentry, make_entry
from ..fed_site import METER
from ..recorded import NOON, live, pass_time, sent
from ..test_init import set_up
from .home import BUTTON, STATES, call, hours, lived, progress


async def test_the_action_sends_every_interval_of_the_range_and_tells_how_many(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await lived(hass, freezer)

    told = await call(hass, start=hours(3).isoformat(), end=hours(30.1).isoformat())
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    # 27 hours of quarters; the last one ends at 18:00 of the second day, and 30.1 hours are in the one after.
    assert told == [
        {
            "sensor": site.SOLAR_POWER,
            "measurement": f"{METER} → {site.SOLAR_POWER}",
            "days": 2,
            "intervals": 108,
            "first": "2026-11-22T07:00:00-08:00",
            "last": "2026-11-23T09:45:00-08:00",
        }
    ]
    known = sent(client, site.SOLAR_POWER)
    assert len(known) == 108
    assert known[hours(3)] == pytest.approx(0.001)
    assert known[hours(5.75)] == pytest.approx(0.001)
    assert known[hours(6)] == pytest.approx(0.002)
    assert known[hours(29.75)] == pytest.approx(0.005)


async def test_the_button_sends_all_that_the_recorder_keeps_and_shows_how_far_it_is(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await lived(hass, freezer)
    assert progress(hass) == {}

    await hass.services.async_call("button", "press", {"entity_id": BUTTON}, blocking=True)
    assert progress(hass) == {}
    await hass.async_block_till_done(wait_background_tasks=True)
    assert progress(hass) == {f"{METER} → {site.SOLAR_POWER}": "10 / 10"}
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    known = sent(client, site.SOLAR_POWER)
    # The meter's history begins at noon two days ago; the interval that is open is measured.
    assert min(known) == NOON
    assert max(known) == hours(47.75)
    assert len(known) == 48 * 4


async def test_a_new_feed_brings_the_days_of_history_that_were_chosen_and_goes_on_without_a_seam(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (NOON, "1000"), (hours(40), "2000"), (hours(48.1), "5000"))
    freezer.move_to(hours(48.15))
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, direction="production", history_days=1)
    )
    entry.add_to_hass(hass)

    await set_up(hass, entry)
    await pass_time(hass, freezer, hours(48.55))

    known = sent(client, site.SOLAR_POWER)
    assert sorted(known) == [hours(24 + step / 4) for step in range(98)]
    # 6 minutes at 2 kW and 9 at 5 kW are 3.8 kW, though the feed began after them.
    assert known[hours(48)] == pytest.approx(0.0038)
    assert known[hours(48.25)] == pytest.approx(0.005)


async def test_what_is_asked_for_while_something_is_left_is_added_to_it(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    entry = await lived(hass, freezer)
    backfill = entry.runtime_data.backfill

    await backfill.async_ask([site.SOLAR_POWER], hours(24), hours(30))
    await backfill.async_ask([site.SOLAR_POWER], hours(30), hours(36))
    await backfill.async_ask([site.SOLAR_POWER], hours(18), hours(20))
    await backfill.async_finished([site.SOLAR_POWER])
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    assert sorted(sent(client, site.SOLAR_POWER)) == [hours(18 + step / 4) for step in range(72)]


async def test_what_is_asked_for_while_a_day_is_being_read_is_read_from_its_start(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    entry = await lived(hass, freezer)
    backfill = entry.runtime_data.backfill
    asked: list[datetime] = []

    async def ask_for_more(*arguments: Any, **named: Any) -> Any:
        if not asked:
            asked.append(hours(44))
            await backfill.async_ask([site.SOLAR_POWER], *asked, None)
        return await async_replay(*arguments, **named)

    with patch("custom_components.flexmeasures.backfill.async_replay", side_effect=ask_for_more):
        (told,) = await call(hass, start=hours(46).isoformat())
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    assert told["intervals"] == 16
    assert sorted(sent(client, site.SOLAR_POWER)) == [hours(44 + step / 4) for step in range(16)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start": "2026-11-20T00:00:00"}, "start: .* has no time zone"),
        ({"end": "later"}, "end: later is not a time"),
        ({"start": "2027-01-01T00:00:00Z"}, "start: 2027.* is not before the end"),
        (
            {"start": "2026-11-20T00:00:00Z", "end": "2026-11-19T00:00:00Z"},
            "start: .* is not before the end",
        ),
        ({"sensors": [99]}, "sensors: sensor 99 gets no measurements"),
    ],
)
async def test_bad_input_is_refused_by_name(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    fields: dict[str, Any],
    message: str,
) -> None:
    entry = await lived(hass, freezer)

    with pytest.raises(ServiceValidationError, match=message):
        await call(hass, **fields)

    assert entry.runtime_data.backfill.progress == {}


async def test_without_measurements_or_recorder_the_action_says_so(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    with pytest.raises(ServiceValidationError, match="has no measurements"):
        await call(hass)
    await hass.config_entries.async_remove(entry.entry_id)

    await lived(hass, freezer)
    hass.config.components.remove("recorder")
    with pytest.raises(ServiceValidationError, match="recorder is not running"):
        await call(hass)
    hass.config.components.add("recorder")


async def test_an_answer_that_nobody_wants_is_not_waited_for(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    entry = await lived(hass, freezer)

    await hass.services.async_call(
        DOMAIN, "backfill", {"config_entry": entry.entry_id, "start": NOON.isoformat()}
    )
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    assert len(sent(client, site.SOLAR_POWER)) == 48 * 4


async def test_without_a_recorder_history_that_was_wanted_is_told(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass.config.components.remove("recorder")
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, direction="production", history_days=1)
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, hours(0.3))
    hass.config.components.add("recorder")

    assert "History of Home is not sent now: the recorder is not running" in caplog.text
    assert sent(client, site.SOLAR_POWER) == {NOON: pytest.approx(0.002)}


async def test_a_removed_entry_leaves_no_back_fill(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    entry = await lived(hass, freezer)
    with patch(STATES, side_effect=OperationalError("SELECT", {}, Exception("locked"))):
        await entry.runtime_data.backfill.async_ask([site.SOLAR_POWER], NOON, None)
        assert f"{DOMAIN}.{entry.entry_id}.backfill" in hass_storage
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()

    assert f"{DOMAIN}.{entry.entry_id}.backfill" not in hass_storage
