"""How the front is built: what reviewers of Home Assistant look for, read from the code."""

import ast
from configparser import ConfigParser
from pathlib import Path
import re

from custom_components.flexmeasures import PLATFORMS

from .repository import (
    FLOW_FILES,
    INTEGRATION,
    ROOT,
    called_name,
    front_files,
    functions,
    in_json,
    leaves,
    nodes,
    texts,
)

TESTS = Path(__file__).parent


def test_actions_are_registered_once() -> None:
    registering = {
        (path.name, function.name)
        for path in front_files()
        for function in functions(path).values()
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and called_name(call) == "async_register"
    }

    assert registering == {("services.py", "async_setup_services")}
    assert "async_setup_services" in calls_in("__init__.py", "async_setup")


def calls_in(file: str, function: str) -> set[str]:
    """Return the names that a function calls."""
    tree = functions(INTEGRATION / file)[function]
    return {called_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_modules_have_the_names_that_reviewers_expect() -> None:
    assert {"coordinator.py", "entity.py"} <= {path.name for path in front_files()}


def test_every_step_and_every_sentence_of_the_flows_is_tested() -> None:
    """What coverage cannot tell: each way that a flow can end or fail stands in a test."""
    tested = "".join(
        path.read_text()
        for pattern in (
            "config_flow/*.py",
            "device_flow/*.py",
            "device_kinds/*.py",
            "feed_flow/*.py",
            "test_options_flow.py",
            "s2_flow/*.py",
            "flow_samples.py",
        )
        for path in TESTS.glob(pattern)
    )
    content = texts()
    flows = [content["config"], content["options"], *content["config_subentries"].values()]

    said = {key for flow in flows for part in ("error", "abort") for key in flow.get(part, {})}

    assert {key for key in said if f'"{key}"' not in tested} == set()
    steps = {name for file in FLOW_FILES for name in functions(INTEGRATION / file)}
    assert {"async_step_reauth", "async_step_reconfigure", "async_step_init"} <= steps


def test_entities_subscribe_when_they_are_added_and_stop_when_removed() -> None:
    subscribing = re.compile(r"async_(add_listener|follow|track_\w+|listen(_once)?)")
    files = {*(INTEGRATION / f"{platform}.py" for platform in PLATFORMS), INTEGRATION / "entity.py"}
    subscriptions = [
        (function.name, line)
        for path in files
        for owner in nodes(path, ast.ClassDef)
        for function in owner.body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in map(ast.unparse, function.body)
        if subscribing.search(line) and "_controller.async_follow" not in line
    ]

    assert subscriptions
    for function, line in subscriptions:
        assert function != "__init__"
        ends = "self.async_on_remove(" if function == "async_added_to_hass" else "self._timer = "
        assert ends in line


def test_entities_are_named_by_their_devices() -> None:
    bases = [
        node for node in nodes(INTEGRATION / "entity.py", ast.ClassDef) if "Entity" in node.name
    ]

    assert bases
    names = {base.name for base in bases}
    for base in bases:
        inherits = names & set(map(ast.unparse, base.bases))
        assert inherits or "_attr_has_entity_name = True" in ast.unparse(base)
    for platform in PLATFORMS:
        for entity in nodes(INTEGRATION / f"{platform}.py", ast.ClassDef):
            if entity.name.endswith("Description"):
                continue
            assert names & set(map(ast.unparse, entity.bases)), entity.name


def test_an_entry_keeps_its_parts_in_its_typed_runtime_data() -> None:
    (alias,) = nodes(INTEGRATION / "data.py", ast.TypeAlias)
    assert ast.unparse(alias) == "type FlexMeasuresConfigEntry = ConfigEntry[FlexMeasuresData]"
    assert "entry.runtime_data = " in ast.unparse(
        functions(INTEGRATION / "__init__.py")["async_setup_entry"]
    )
    for path in front_files():
        for name, function in functions(path).items():
            entries = [item for item in function.args.args if item.arg == "entry"]
            if name.startswith("async_") and path.name not in FLOW_FILES:
                assert {ast.unparse(item.annotation or item) for item in entries} <= {
                    "FlexMeasuresConfigEntry"
                }, (path.name, name)


def test_every_platform_says_how_many_calls_it_bears_at_once() -> None:
    """Entities that only show what a coordinator knows bear any number, those that act take turns."""
    said = {
        platform: re.findall(
            r"^PARALLEL_UPDATES = (\d)$", (INTEGRATION / f"{platform}.py").read_text(), re.MULTILINE
        )
        for platform in PLATFORMS
    }

    assert said == {
        platform: ["0" if platform in {"binary_sensor", "calendar", "event", "sensor"} else "1"]
        for platform in PLATFORMS
    }


def test_names_and_icons_are_not_written_in_code() -> None:
    literals = {
        (path.name, target)
        for path in front_files()
        for node in nodes(path, ast.Assign)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in map(ast.unparse, node.targets)
        if target.endswith(("_attr_icon", "_attr_name", "entity_id"))
    }

    assert literals == set()
    assert not any("mdi:" in path.read_text() for path in front_files())
    assert all(text.startswith("mdi:") for _, text in leaves(in_json("icons.json")))


def test_nothing_waits_for_the_network_in_the_event_loop() -> None:
    blocking = {"ftplib", "http", "httpx", "requests", "socket", "subprocess", "urllib", "urllib3"}
    imported = {
        (path.relative_to(INTEGRATION).as_posix(), name.partition(".")[0])
        for path in INTEGRATION.rglob("*.py")
        for name in imports_of(path)
    }

    assert ("client/transport.py", "aiohttp") in imported
    assert {(path, name) for path, name in imported if name in blocking} == set()


def imports_of(path: Path) -> set[str]:
    """Return the names of the modules that a file imports from elsewhere."""
    plain = {name.name for node in nodes(path, ast.Import) for name in node.names}
    return plain | {node.module or "" for node in nodes(path, ast.ImportFrom) if not node.level}


def test_home_assistant_s_session_is_used() -> None:
    """The client takes a session, and both places that make a client give it Home Assistant's."""
    (client,) = nodes(INTEGRATION / "client" / "client.py", ast.ClassDef)
    made = {
        path.name
        for path in front_files()
        for call in nodes(path, ast.Call)
        if called_name(call) == "FlexMeasuresClient"
    }

    assert "session: aiohttp.ClientSession" in ast.unparse(client)
    assert made == {"config_flow.py", "connection.py"}
    assert all("async_get_clientsession" in (INTEGRATION / name).read_text() for name in made)
    assert {
        path.relative_to(INTEGRATION).as_posix()
        for path in INTEGRATION.rglob("*.py")
        for call in nodes(path, ast.Call)
        if called_name(call) == "ClientSession"
    } == {"client/session.py"}  # for programs without one


def test_types_are_checked_strictly() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")

    assert settings.getboolean("mypy", "strict")
    assert "custom_components" in settings.get("mypy", "files")
    assert re.search(r"^check mypy", (ROOT / "script" / "lint").read_text(), re.MULTILINE)
    assert (INTEGRATION / "py.typed").is_file()
