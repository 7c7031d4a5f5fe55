"""The repository as tests see it: its files, their syntax trees, and what they say."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "flexmeasures"
ROOMS = ("client", "control", "measurements", "s2", "scheduling")
LANGUAGES = ("en", "nl")
# Seconds after which a program hangs; a machine that is busy with other things takes ten times the usual.
_LONGEST_PROGRAM = 250
FLOW_FILES = (
    "config_flow.py",
    "options_flow.py",
    "device_flow.py",
    "feed_flow.py",
    "feed_forms.py",
    "device_forms.py",
    "device_checks.py",
    "device_creation.py",
    "control_checks.py",
    "control_forms.py",
    "s2_discovery.py",
    "s2_flow.py",
)


def output_of(program: str, folder: Path) -> str:
    """Return what a Python program prints that is given a folder, and needs a process of its own.

    Forking wants one thread, which a test run has not.
    """
    finished = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        check=False,
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=_LONGEST_PROGRAM,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def front_files() -> list[Path]:
    """Return the files that talk to Home Assistant."""
    return sorted(INTEGRATION.glob("*.py"))


def room_files() -> list[Path]:
    """Return the files of the engine rooms."""
    return sorted(path for room in ROOMS for path in (INTEGRATION / room).rglob("*.py"))


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def nodes[N: ast.AST](path: Path, kind: type[N]) -> Iterator[N]:
    """Yield every node of a kind in a file."""
    yield from (node for node in ast.walk(syntax_tree(path)) if isinstance(node, kind))


def called_name(call: ast.Call) -> str:
    """Return the last part of what is called: ``c`` for ``a.b.c()``."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return a keyword argument; None when it is not given."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def text_of(node: ast.expr | None) -> str | None:
    """Return the text of a literal; None for everything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def functions(path: Path) -> Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return a file's functions and methods by name."""
    return {
        **{node.name: node for node in nodes(path, ast.FunctionDef)},
        **{node.name: node for node in nodes(path, ast.AsyncFunctionDef)},
    }


def in_json(name: str) -> dict[str, Any]:
    """Return a JSON file of the integration."""
    content: dict[str, Any] = json.loads((INTEGRATION / name).read_text())
    return content


def in_yaml(name: str) -> dict[str, Any]:
    """Return a YAML file of the integration."""
    return load_yaml_dict(str(INTEGRATION / name))


def texts(language: str = "en") -> dict[str, Any]:
    """Return a translation."""
    return in_json(f"translations/{language}.json")


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in nested objects with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, node
