"""What is recorded outlives that the process is killed, at any instant."""

from pathlib import Path

from tests.repository import output_of

from .outbox_process import BEGIN, SENSORS, Files, final_value, first_value, record_boundary

KILLS = 100

# Forking wants a small process with one thread. The integration's front would load Home Assistant, which the engine room
# does not need.
PROGRAM = f"""
import pathlib, sys, types
front = types.ModuleType("custom_components.flexmeasures")
front.__path__ = ["custom_components/flexmeasures"]
sys.modules[front.__name__] = front
from tests.measurements.outbox_process import kill_many
print(kill_many(pathlib.Path(sys.argv[1]), {KILLS}, seed=1))
"""


def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    inside = int(output_of(PROGRAM, tmp_path))
    files = Files(tmp_path)
    last = files.next_boundary()

    # The last boundary may have been recorded without anybody hearing of it, so it is recorded once more.
    with files.outbox() as outbox:
        record_boundary(outbox, last)
        while blocks := outbox.blocks(maximum_values=1000):
            for block in blocks:
                files.store(block)
            outbox.confirm(*blocks, now=BEGIN)
        left = outbox.statistics()

    assert last >= KILLS
    # Otherwise the kills have not met what they are meant for: records and confirmations that are under way.
    assert inside > KILLS // 10
    assert files.stored() == {
        (sensor, boundary): (final_value if boundary < last else first_value)(sensor, boundary)
        for sensor in SENSORS
        for boundary in range(last + 1)
    }
    assert (left.backlog, left.dropped, left.lost, left.corrupt_files) == (0, 0, 0, 0)
