"""Run a FlexMeasures server from the command line.

python -m demo.flexmeasures_server up FOLDER [--port N] [--play] [--workers N] [--user ACCOUNT EMAIL PASSWORD ROLES]
python -m demo.flexmeasures_server status FOLDER
python -m demo.flexmeasures_server down FOLDER
"""

import argparse
from pathlib import Path
import sys
import time

from .configuration import ServerUser
from .server import FlexMeasuresServer, FlexMeasuresServerError, running_server, stop_running


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo.flexmeasures_server", description=(__doc__ or "").partition("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("up", "start a server and leave it running"),
        ("status", "print its address, or fail"),
        ("down", "stop it and keep its data"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.add_argument(
            "folder", type=Path, help="where everything that the server keeps lies"
        )
        if name == "up":
            command.add_argument(
                "--port", type=int, help="of the web application; default: a free one"
            )
            command.add_argument("--play", action="store_true", help="without rate limits")
            command.add_argument("--workers", type=int, default=2)
            command.add_argument(
                "--user",
                action="append",
                nargs=4,
                default=[],
                metavar=("ACCOUNT", "EMAIL", "PASSWORD", "ROLES"),
                help='roles separated by commas, such as "account-admin" or "admin" or ""',
            )
    return parser.parse_args()


def _up(arguments: argparse.Namespace) -> None:
    began = time.monotonic()

    def report(step: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {step}", flush=True)

    users = [
        ServerUser(
            account=account,
            email=email,
            password=password,
            roles=tuple(filter(None, roles.split(","))),
        )
        for account, email, password, roles in arguments.user
    ]
    server = FlexMeasuresServer(
        arguments.folder,
        users=users,
        port=arguments.port,
        play=arguments.play,
        workers=arguments.workers,
        report=report,
    )
    server.start()
    server.detach()
    report(f"FlexMeasures runs at {server.url}")


def main() -> int:
    """Run one command and return the exit code."""
    arguments = _arguments()
    address = running_server(arguments.folder)
    match arguments.command:
        case "up" if address is None:
            _up(arguments)
        case "down":
            print("stopped" if stop_running(arguments.folder) else "nothing was running")
        case _:
            print(address or "not running")
            return 0 if address else 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FlexMeasuresServerError as error:
        sys.exit(str(error))
