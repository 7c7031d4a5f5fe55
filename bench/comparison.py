"""What our client costs beside FlexMeasures Client, the package that its users know, and beside the bare libraries."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from statistics import median
import subprocess
from tempfile import TemporaryDirectory

from .figures import Figure
from .server import SIGN_IN, counts, running_server

_CHECKOUT = Path(__file__).resolve().parents[1]
_PYTHON = _CHECKOUT / ".dev/flexmeasures-client/bin/python"
_THEIR_NAME = "FlexMeasures Client 0.9.6"
_OUR_PACKAGE = "custom_components.flexmeasures.client"
_THEIR_PACKAGE = "flexmeasures_client"
# Both stand on it, and a program of asyncio that talks to a web server has it.
_BASELINE = "aiohttp"
_MIB = 1024  # KiB
_IMPORTS = 9
_CALLERS = 20


async def measure_comparison() -> list[Figure]:
    """Compare imports, posts and sign-ins, all with one Python and one aiohttp."""
    with _package_alone() as folder:
        figures = await _compare_imports(folder)
        figures += await _compare_posts(folder)
        figures += await _compare_sign_ins(folder)
    return figures


@contextmanager
def _package_alone() -> Iterator[Path]:
    """Put our client's folder, compiled like an installed package, where no Home Assistant is."""
    with TemporaryDirectory() as folder:
        for name in ("bench", "custom_components/flexmeasures/client"):
            copytree(_CHECKOUT / name, Path(folder, name), ignore=ignore_patterns("__pycache__"))
        subprocess.run([_PYTHON, "-m", "compileall", "-q", folder], check=True)
        yield Path(folder)


async def _compare_imports(folder: Path) -> list[Figure]:
    costs: dict[str, list[tuple[float, float]]] = {_OUR_PACKAGE: [], _THEIR_PACKAGE: []}
    for _ in range(_IMPORTS):
        for package, found in costs.items():
            time, memory = (await _run(folder, "bench.imports", package, _BASELINE)).split()
            found.append((float(time), float(memory)))
    (our_time, our_memory), (their_time, their_memory) = (
        [median(column) for column in zip(*found, strict=True)] for found in costs.values()
    )
    what = f"import of the client after {_BASELINE}"
    return [
        Figure(name=f"{what}: processor time", value=our_time * 1000, unit="ms"),
        _beside(f"{what}: processor time", our_time / their_time, 0.2),
        Figure(name=f"{what}: memory", value=our_memory / _MIB, unit="MiB"),
        _beside(f"{what}: memory", our_memory / their_memory, 0.1),
    ]


async def _compare_posts(folder: Path) -> list[Figure]:
    figures = []
    for values in (1, 96, 10_000):
        name = f"a post of {values:,} value{'s' if values > 1 else ''}"
        own, beside_bare = await _compare_post(folder, values, "bare")
        _, beside_theirs = await _compare_post(folder, values, "theirs")
        figures += [
            Figure(name=f"{name}: processor time", value=own * 1000, unit="ms"),
            Figure(
                name=f"{name}: relative to aiohttp and orjson",
                value=beside_bare,
                unit="times",
                bound=1.25,
            ),
            _beside(name, beside_theirs, 1.0),
        ]
    return figures


async def _compare_post(folder: Path, values: int, other: str) -> tuple[float, float]:
    """Return the processor time of our post in seconds, and how many times that of the other it is."""
    async with running_server(1) as url:
        answer = await _run(folder, "bench.rivals", "posts", url, str(values), "ours", other)
    rounds = [tuple(map(float, line.split())) for line in answer.splitlines()]
    return median(ours for ours, _ in rounds), median(ours / theirs for ours, theirs in rounds)


async def _compare_sign_ins(folder: Path) -> list[Figure]:
    sign_ins = {}
    for client in ("ours", "theirs"):
        async with running_server(1) as url:
            await _run(folder, "bench.rivals", "begin", url, client, str(_CALLERS))
            sign_ins[client] = (await counts(url))[f"POST {SIGN_IN}"]
    what = f"{_CALLERS} first calls at once: sign-ins"
    return [
        Figure(name=what, value=sign_ins["ours"], unit="requests", bound=1),
        Figure(name=f"{what} of {_THEIR_NAME}", value=sign_ins["theirs"], unit="requests"),
    ]


def _beside(name: str, value: float, bound: float) -> Figure:
    return Figure(name=f"{name}: relative to {_THEIR_NAME}", value=value, unit="times", bound=bound)


async def _run(folder: Path, *arguments: str) -> str:
    """Run a module with the Python that has the other client, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        _PYTHON, "-m", *arguments, cwd=folder, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    return output.decode()
