"""What the rehearsal of an outage expects of the server, and what it calls lost or wrong."""

from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import sqlite3

from demo.readback import compare, held, levels, means, recorded, report
from demo.site import Measured

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUSE = Measured(sensor_id=1, name="House: measured power", unit="kW", entity="sensor.house")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_mean_weighs_each_reading_by_the_time_for_which_it_was_shown() -> None:
    readings = [(after(-5), 1.0), (after(45), 5.0)]

    # 45 s of 1 kW and 15 s of 5 kW are 120 kWs; after that 5 kW holds.
    assert means(readings, NOON, NOON + 2 * MINUTE) == {NOON: 2.0, NOON + MINUTE: 5.0}


def test_a_minute_of_which_less_than_half_was_seen_has_no_mean() -> None:
    readings = [(NOON, 1.0), (after(29), None), (after(90), 3.0)]

    assert means(readings, NOON, NOON + 2 * MINUTE) == {NOON: None, NOON + MINUTE: 3.0}


def test_a_level_is_what_is_shown_at_the_minute_and_nothing_after_it_went_away() -> None:
    readings = [(after(-5), 40.0), (NOON, 41.0), (after(30), None)]

    assert levels(readings, NOON, NOON + 2 * MINUTE) == {NOON: 41.0, NOON + MINUTE: None}


def test_a_level_that_the_server_was_told_holds_for_a_quarter_of_an_hour() -> None:
    shown: dict[datetime, float | None] = {NOON + n * MINUTE: 41.0 for n in range(-1, 20)}

    assert held({NOON: 41.0}, shown) == {NOON + n * MINUTE: 41.0 for n in range(15)}


def test_a_level_does_not_hold_while_nothing_is_shown_and_one_that_is_told_then_is_seen() -> None:
    shown: dict[datetime, float | None] = {NOON: 41.0, after(60): None, after(120): None}

    assert held({NOON: 41.0, after(120): 42.0}, shown) == {NOON: 41.0, after(120): 42.0}


def test_what_is_missing_is_lost_and_what_differs_or_was_never_seen_is_wrong() -> None:
    expected = {after(60 * minute): value for minute, value in enumerate((1.0, 2.0, 3.0, None))}
    stored = {NOON: 1.0 + 1e-12, after(60): 2.001, after(180): 4.0}

    found = compare("House", expected, stored)

    assert (found.intervals, found.unknown, found.equal) == (4, 1, 1)
    assert found.lost == (after(120),)
    assert found.wrong == (after(60), after(180))
    assert report([found]).splitlines()[1:] == [
        "House                                       4        1        1        1        2",
        "  lost: 12:02",
        "  wrong: 12:01, 12:03",
    ]


def test_a_home_that_was_killed_knows_nothing_from_its_last_record_to_its_next_reading(
    tmp_path: Path,
) -> None:
    rows = [
        ("sensor.house", after(0), "1500", {"unit_of_measurement": "W"}),
        ("sensor.other", after(7), "1", {}),
        ("sensor.house", after(60), "unavailable", {"restored": True}),
        ("sensor.house", after(70), "2500", {"unit_of_measurement": "W"}),
    ]
    database = tmp_path / "home-assistant_v2.db"
    connection = sqlite3.connect(database)
    connection.executescript(
        """
        CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT UNIQUE);
        CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, shared_attrs TEXT);
        CREATE TABLE states (
            state_id INTEGER PRIMARY KEY, entity_id TEXT, state TEXT, metadata_id INTEGER,
            attributes_id INTEGER, last_updated_ts REAL
        );
        """
    )
    for number, (entity, time, state, attributes) in enumerate(rows):
        connection.execute("INSERT OR IGNORE INTO states_meta (entity_id) VALUES (?)", (entity,))
        connection.execute(
            "INSERT INTO state_attributes VALUES (?, ?)", (number, json.dumps(attributes))
        )
        connection.execute(
            "INSERT INTO states (state, attributes_id, last_updated_ts, metadata_id) "
            "SELECT ?, ?, ?, metadata_id FROM states_meta WHERE entity_id = ?",
            (state, number, time.timestamp(), entity),
        )
    connection.commit()
    connection.close()

    readings = recorded(database, HOUSE, restarted=after(50))

    # Another entity was recorded 7 s after noon, so Home Assistant was alive until then.
    assert readings == [(NOON, 1.5), (after(7), None), (after(60), None), (after(70), 2.5)]
