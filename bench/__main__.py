"""Runs the measurements, prints the table, and fails when a bound is broken.

With ``--closed-loop`` these are a day of plans, which takes a server and some minutes; without, all others.
"""

# Before anything of Home Assistant, whose clock it makes one that can be set.
from pytest_homeassistant_custom_component import patch_time  # isort: skip  # noqa: F401

import argparse
import asyncio
import logging
import sys

from .accumulating import measure_accumulating
from .callbacks import measure_callbacks
from .carrying_out import measure_carrying_out
from .closed_loop import measure_closed_loop
from .comparison import measure_comparison
from .controlling import measure_controlling
from .entities import measure_entities
from .figures import Figure, table
from .home import measure_quiet_hour, measure_setup
from .killed_home import measure_kills
from .listening import measure_listening
from .memory import measure_memory
from .outage import measure_outage
from .outbox import measure_outbox
from .s2 import measure_s2
from .s2_dispatch import measure_dispatch
from .s2_home import measure_s2_home


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument(
        "--closed-loop", action="store_true", help="a day of plans, beside the optimum"
    )
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> int:
    if arguments.closed_loop:
        figures = asyncio.run(measure_closed_loop())
    else:
        # Forking wants a process without threads, which this one is only at the begin.
        kills = measure_kills()
        figures = asyncio.run(_measure_costs()) + kills
    sys.stdout.write(table(figures) + "\n")
    broken = [figure.name for figure in figures if not figure.holds]
    if broken:
        sys.stderr.write(f"broken: {', '.join(broken)}\n")
    return 1 if broken else 0


async def _measure_costs() -> list[Figure]:
    figures = measure_memory()
    figures += await measure_setup()
    figures += await measure_quiet_hour()
    figures += measure_accumulating()
    figures += await measure_listening()
    figures += await measure_callbacks()
    figures += measure_controlling()
    figures += await measure_entities()
    figures += await measure_carrying_out()
    figures += measure_outbox()
    figures += await measure_outage()
    figures += await measure_comparison()
    figures += await measure_s2_home()
    return figures + measure_s2() + measure_dispatch()


if __name__ == "__main__":
    # Home Assistant warns of every custom integration, and this one of its server: here that is what is measured.
    for name in ("homeassistant.loader", "custom_components.flexmeasures"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.exit(_measure(_arguments()))
