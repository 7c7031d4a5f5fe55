"""Runs the measurements, prints the table, and fails when a bound is broken.

With ``--closed-loop`` these are a day of plans, which takes a server and some minutes; without, all others.
"""

import argparse
import asyncio
import logging
import sys

from .accumulating import measure_accumulating
from .callbacks import measure_callbacks
from .closed_loop import measure_closed_loop
from .comparison import measure_comparison
from .controlling import measure_controlling
from .figures import Figure, table
from .home import measure_quiet_hour, measure_setup
from .listening import measure_listening
from .memory import measure_memory
from .outage import measure_outage
from .outbox import measure_outbox
from .s2 import measure_s2
from .s2_dispatch import measure_dispatch


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument(
        "--closed-loop", action="store_true", help="a day of plans, beside the optimum"
    )
    return parser.parse_args()


async def _measure(arguments: argparse.Namespace) -> int:
    figures = await (measure_closed_loop() if arguments.closed_loop else _measure_costs())
    sys.stdout.write(table(figures) + "\n")
    broken = [figure.name for figure in figures if not figure.holds]
    if broken:
        sys.stderr.write(f"broken: {', '.join(broken)}\n")
    return 1 if broken else 0


async def _measure_costs() -> list[Figure]:
    # Home Assistant warns of every custom integration; here that is what is measured.
    logging.getLogger("homeassistant.loader").setLevel(logging.ERROR)
    figures = measure_memory()
    figures += await measure_setup()
    figures += await measure_quiet_hour()
    figures += measure_accumulating()
    figures += await measure_listening()
    figures += await measure_callbacks()
    figures += measure_controlling()
    figures += measure_outbox()
    figures += await measure_outage()
    figures += await measure_comparison()
    return figures + measure_s2() + measure_dispatch()


if __name__ == "__main__":
    sys.exit(asyncio.run(_measure(_arguments())))
