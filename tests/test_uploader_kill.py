"""Home Assistant is killed at any instant: what had closed is on the server afterwards."""

from pathlib import Path
import subprocess
import sys

from .repository import ROOT

# Forking wants a process with one thread, which a test run is not.
PROGRAM = """
import pathlib, sys
from bench.killed_home import kill_many
seen = kill_many(pathlib.Path(sys.argv[1]), 5, seed=2)
print(seen.kills, seen.closed, seen.missing, seen.wrong)
"""


def test_kills_lose_no_closed_interval_and_change_no_value(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        check=False,
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=50,
    )
    assert finished.returncode == 0, finished.stderr

    kills, closed, missing, wrong = map(int, finished.stdout.split())
    assert (kills, missing, wrong) == (5, 0, 0)
    # At least the boundary that the last worker saw, of 20 feeds.
    assert closed >= 20
