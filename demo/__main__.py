"""The command line of ``script/demo``."""

import argparse
import asyncio
from pathlib import Path
import sys

from .run import Demo, DemoError, Options

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="Run a FlexMeasures server, a simulated home and Home Assistant, until Ctrl-C.",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="start over, without what earlier runs left",
    )
    proof = parser.add_mutually_exclusive_group()
    proof.add_argument(
        "--check",
        action="store_true",
        help="see whether every device follows a new schedule and meters are fed, then stop; exit code 0 if so",
    )
    proof.add_argument(
        "--rehearse",
        action="store_true",
        help="stop the server for ten minutes, kill Home Assistant in between, read every interval back; exit code 0 "
        "if none is lost or wrong (some 20 minutes)",
    )
    parser.add_argument("--port", type=_port, help="port of Home Assistant (8123 if it is free)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the dashboard")
    arguments = parser.parse_args()
    options = Options(
        root=ROOT,
        fresh=arguments.fresh,
        check=arguments.check,
        rehearse=arguments.rehearse,
        port=arguments.port,
        browser=not (arguments.no_browser or arguments.check or arguments.rehearse),
    )
    try:
        return asyncio.run(Demo(options).run())
    except DemoError as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1024 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
