"""The folder is a product of its own: it needs aiohttp and orjson, and nothing of Home Assistant."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
import shutil
import sys
from typing import Final

from custom_components.flexmeasures import client

from .conftest import PASSWORD
from .fault_server import FaultServer, Reply

# What the room needs, and what that needs in turn: all that its Python will find beside the standard library.
PACKAGES: Final = (
    *("aiohttp", "orjson", "yarl"),
    *(
        "aiohappyeyeballs",
        "aiosignal",
        "attr",
        "attrs",
        "frozenlist",
        "idna",
        "multidict",
        "propcache",
    ),
)

PROGRAM = """
import asyncio
import sys

sys.path.insert(0, sys.argv[1])
import alone

assert alone.__file__.startswith(sys.argv[1]), alone.__file__
assert all(hasattr(alone, name) for name in alone.__all__)
try:
    import homeassistant
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("Home Assistant is here")


async def main():
    async with alone.FlexMeasuresClient(url=sys.argv[2], email="a@b.c", password=sys.argv[3]) as client:
        account = await client.get_account(1)
        posted = await client.post_sensor_data(2, "2026-03-01T00:00Z", "PT1H", [1.5], "kW")
        print(account.name, posted.job_id)


asyncio.run(main())
"""


def installed_alone(folder: Path) -> None:
    """Make a place for imports with a copy of the room, and with the packages that it needs."""
    source = Path(client.__file__).parent
    shutil.copytree(source, folder / "alone", ignore=shutil.ignore_patterns("__pycache__"))
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (folder / name).symlink_to(Path(spec.origin).parent)


async def test_the_folder_works_alone(tmp_path: Path, server: FaultServer) -> None:
    """Under another name and without Home Assistant: a sign-in, a question and a post."""
    installed_alone(tmp_path)
    server.script(
        Reply(body={"id": 1, "name": "Toy Account"}), Reply(status=202, body={"job": "a-job"})
    )

    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-W", "error", "-c", PROGRAM),
        *(str(tmp_path), server.url, PASSWORD),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    output, errors = await program.communicate()

    assert (program.returncode, output.decode().strip()) == (0, "Toy Account a-job"), (
        errors.decode()
    )
    assert [request.method for request in server.requests] == ["GET", "POST"]
    assert len(server.sign_ins) == 1
