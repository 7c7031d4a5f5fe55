"""What Home Assistant's and HACS' own validation would say about the repository's files."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import struct

from awesomeversion import AwesomeVersion
from homeassistant.components.http.const import DOMAIN as HTTP
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
import probatio
import pytest
from yarl import URL

from custom_components.flexmeasures import PLATFORMS
from custom_components.flexmeasures.const import DOMAIN

from .repository import INTEGRATION, ROOT, in_json, nodes, room_files

# What hassfest takes in a custom integration; `categories` and `connectivity` are read by the Marketplace.
MANIFEST = probatio.Schema(
    {
        probatio.Required("domain"): DOMAIN,
        probatio.Required("name"): str,
        probatio.Required("codeowners"): probatio.All([str], probatio.Length(min=1)),
        probatio.Required("documentation"): str,
        probatio.Required("integration_type"): probatio.In({"device", "hub", "service"}),
        probatio.Required("iot_class"): probatio.In(
            {"cloud_polling", "cloud_push", "local_polling", "local_push"}
        ),
        probatio.Required("issue_tracker"): str,
        probatio.Required("quality_scale"): probatio.In({"bronze", "silver", "gold", "platinum"}),
        probatio.Required("requirements"): [str],
        probatio.Required("version"): str,
        probatio.Optional("after_dependencies"): [str],
        probatio.Optional("categories"): [str],
        probatio.Optional("config_flow"): True,
        probatio.Optional("connectivity"): [str],
        probatio.Optional("dependencies"): [str],
        probatio.Optional("loggers"): [str],
    }
)
HACS = probatio.Schema(
    {
        probatio.Required("name"): str,
        probatio.Required("homeassistant"): str,
        probatio.Optional("content_in_root"): bool,
        probatio.Optional("country"): [str],
        probatio.Optional("filename"): str,
        probatio.Optional("hacs"): str,
        probatio.Optional("hide_default_branch"): bool,
        probatio.Optional("persistent_directory"): str,
        probatio.Optional("render_readme"): bool,
        probatio.Optional("zip_release"): bool,
    }
)

# Folders that every Linux machine has: naming them says nothing about the machine where a text was written.
SYSTEM_FOLDERS = {"bin", "config", "dev", "etc", "lib", "opt", "proc", "run", "sys", "usr", "var"}
TEXT_FILES = {"", ".cfg", ".css", ".html", ".in", ".js", ".json", ".md", ".py", ".pyi", ".sh"}
TEXT_FILES |= {".svg", ".toml", ".txt", ".yaml", ".yml"}


def test_the_manifest_has_only_keys_that_home_assistant_knows() -> None:
    MANIFEST(in_json("manifest.json"))
    assert INTEGRATION.name == DOMAIN


def test_the_manifest_is_in_order() -> None:
    keys = list(in_json("manifest.json"))

    assert keys == ["domain", "name", *sorted(keys[2:])]


def test_the_manifest_links_to_pages_of_its_own() -> None:
    manifest = in_json("manifest.json")

    for key in ("documentation", "issue_tracker"):
        url = URL(manifest[key])
        assert url.scheme == "https"
        assert url.host != "www.home-assistant.io"
    assert all(re.fullmatch(r"@[\w/-]+", owner) for owner in manifest["codeowners"])


def test_the_version_is_the_newest_of_the_changelog() -> None:
    version = in_json("manifest.json")["version"]

    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert version in re.findall(r"^## .*?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)[:1]


def test_only_s2_is_required() -> None:
    assert in_json("manifest.json")["requirements"] == ["s2-python==0.11.1"]


def test_every_component_that_is_imported_is_a_dependency() -> None:
    manifest = in_json("manifest.json")
    declared = {*manifest["dependencies"], *manifest["after_dependencies"]}
    # Base platforms are always there, and so are the components that only ask others: diagnostics and repairs.
    present = {*map(str, Platform), "diagnostics", "repairs"}

    imported = {
        node.module.split(".")[2]
        for path in INTEGRATION.rglob("*.py")
        for node in nodes(path, ast.ImportFrom)
        if node.module and node.module.startswith("homeassistant.components.")
    }

    assert HTTP in imported
    assert imported <= declared | present


async def test_home_assistant_loads_the_integration(hass: HomeAssistant) -> None:
    integration = await async_get_integration(hass, DOMAIN)

    assert integration.version == in_json("manifest.json")["version"]
    assert (await integration.async_get_component()).DOMAIN == DOMAIN
    assert {path.stem for path in INTEGRATION.glob("*.py")} >= set(PLATFORMS)


def test_hacs_finds_what_it_needs() -> None:
    content = json.loads((ROOT / "hacs.json").read_text())

    HACS(content)
    assert AwesomeVersion(content["homeassistant"]) == "2026.10.0"
    assert ("filename" in content) == content.get("zip_release", False)
    folders = [
        path.name
        for path in INTEGRATION.parent.iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ]
    assert folders == [DOMAIN]
    assert (ROOT / "README.md").read_text().startswith("# ")


def test_the_license_is_complete() -> None:
    license_text = (ROOT / "LICENSE").read_text()

    assert license_text.split("\n", 3)[1].strip() == "Apache License"
    assert "Version 2.0, January 2004" in license_text
    assert "END OF TERMS AND CONDITIONS" in license_text


def test_icons_are_square_and_of_the_size_that_is_shown() -> None:
    sizes = {path.name: png_size(path) for path in (INTEGRATION / "brand").glob("*icon*")}

    assert sizes.keys() >= {"icon.png", "icon@2x.png"}
    assert all(
        size == ((512, 512) if name.endswith("@2x.png") else (256, 256))
        for name, size in sizes.items()
    )


@pytest.mark.parametrize("name", ["logo", "dark_logo"])
def test_logos_are_lower_than_wide_and_exist_in_two_sizes(name: str) -> None:
    width, height = png_size(INTEGRATION / "brand" / f"{name}.png")

    assert 128 <= height <= 256
    assert width > height
    assert png_size(INTEGRATION / "brand" / f"{name}@2x.png") == (2 * width, 2 * height)


def png_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_no_file_names_a_place_on_the_machine_where_it_was_written() -> None:
    strange = {
        (str(path.relative_to(ROOT)), place)
        for path in text_files(ROOT)
        for place in re.findall(r"(?<![\w.~:}/-])/\w[\w.-]*(?:/[\w.-]+)+", path.read_text())
        if place.split("/")[1] not in SYSTEM_FOLDERS and Path(place).exists()
    }

    assert strange == set()


def text_files(folder: Path) -> Iterator[Path]:
    """Yield the files that are kept, not those that tools leave behind."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name in {".ci", ".github"} or not re.match(r"\.|__pycache__", path.name):
                yield from text_files(path)
        # A worktree of git has a file that names the folder of the whole.
        elif path.name == ".git" or path.name.startswith(".coverage"):
            continue
        elif path.suffix in TEXT_FILES:
            yield path


def test_no_engine_room_reads_the_clock_or_sleeps() -> None:
    """Time and waiting are arguments there; their defaults stand with one class of the client."""
    used = {
        (path.relative_to(INTEGRATION).as_posix(), name)
        for path in room_files()
        for name in clock_uses(path)
    }

    assert used == {
        ("client/retries.py", "asyncio.sleep"),
        ("client/retries.py", "datetime.now"),
        ("client/retries.py", "time.monotonic"),
    }
    (timing,) = (
        node
        for node in nodes(INTEGRATION / "client" / "retries.py", ast.ClassDef)
        if node.name == "Timing"
    )
    defaults = {ast.unparse(node) for node in ast.walk(timing) if isinstance(node, ast.Attribute)}
    assert {"asyncio.sleep", "time.monotonic"} <= defaults


def clock_uses(path: Path) -> Iterator[str]:
    """Yield what a file takes from a clock, by whatever way it was imported."""
    modules = {name.name for node in nodes(path, ast.Import) for name in node.names}
    for node in nodes(path, ast.Attribute):
        name = ast.unparse(node)
        if (
            ("time" in modules and name.startswith("time."))
            or name == "asyncio.sleep"
            or name.endswith("loop().time")
            or node.attr in {"now", "utcnow", "today"}
        ):
            yield name
    for imported in nodes(path, ast.ImportFrom):
        if imported.module == "time" or "sleep" in {name.name for name in imported.names}:
            yield f"from {imported.module}"
