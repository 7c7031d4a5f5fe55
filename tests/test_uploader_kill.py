"""Home Assistant is killed at any instant: what had closed is on the server afterwards."""

from pathlib import Path

from .repository import output_of

PROGRAM = """
import pathlib, sys
from bench.killed_home import kill_many
seen = kill_many(pathlib.Path(sys.argv[1]), 5, seed=2)
print(seen.kills, seen.closed, seen.missing, seen.wrong)
"""


def test_kills_lose_no_closed_interval_and_change_no_value(tmp_path: Path) -> None:
    kills, closed, missing, wrong = map(int, output_of(PROGRAM, tmp_path).split())

    assert (kills, missing, wrong) == (5, 0, 0)
    # At least the boundary that the last worker saw, of 20 feeds.
    assert closed >= 20
