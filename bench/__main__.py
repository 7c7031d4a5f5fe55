"""Runs every measurement, prints the table, and fails when a bound is broken."""

import asyncio
import logging
import sys

from .accumulating import measure_accumulating
from .callbacks import measure_callbacks
from .comparison import measure_comparison
from .figures import Figure, table
from .home import measure_quiet_hour, measure_setup
from .killed_home import measure_kills
from .listening import measure_listening
from .memory import measure_memory
from .outage import measure_outage
from .outbox import measure_outbox


async def _measure(kills: list[Figure]) -> int:
    figures = measure_memory()
    figures += await measure_setup()
    figures += await measure_quiet_hour()
    figures += measure_accumulating()
    figures += await measure_listening()
    figures += await measure_callbacks()
    figures += measure_outbox()
    figures += await measure_outage()
    figures += kills
    figures += await measure_comparison()
    sys.stdout.write(table(figures) + "\n")
    broken = [figure.name for figure in figures if not figure.holds]
    if broken:
        sys.stderr.write(f"broken: {', '.join(broken)}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    # Home Assistant warns of every custom integration, and this one of its server: here that is what is measured.
    for name in ("homeassistant.loader", "custom_components.flexmeasures"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Forking wants a process without threads, which this one is only at the begin.
    sys.exit(asyncio.run(_measure(measure_kills())))
