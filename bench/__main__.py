"""Runs every measurement, prints the table, and fails when a bound is broken."""

import asyncio
import logging
import sys

from .accumulating import measure_accumulating
from .comparison import measure_comparison
from .controlling import measure_controlling
from .figures import table
from .home import measure_quiet_hour, measure_setup
from .memory import measure_memory
from .outbox import measure_outbox
from .s2 import measure_s2


async def _measure() -> int:
    # Home Assistant warns of every custom integration; here that is what is measured.
    logging.getLogger("homeassistant.loader").setLevel(logging.ERROR)
    figures = measure_memory()
    figures += await measure_setup()
    figures += await measure_quiet_hour()
    figures += measure_accumulating()
    figures += measure_controlling()
    figures += measure_outbox()
    figures += await measure_comparison()
    figures += measure_s2()
    sys.stdout.write(table(figures) + "\n")
    broken = [figure.name for figure in figures if not figure.holds]
    if broken:
        sys.stderr.write(f"broken: {', '.join(broken)}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_measure()))
