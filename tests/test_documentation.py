"""The documentation: what a user has to know is there, under the names that code and forms use."""

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatch
import re
from typing import Any

from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.flexmeasures import services
from custom_components.flexmeasures.control import GuardRails, SetpointSource
from custom_components.flexmeasures.control.guard_rails import GuardRail
from custom_components.flexmeasures.control_entities import CONTROL_SENSORS
from custom_components.flexmeasures.plan_entities import PLAN_SENSORS
from custom_components.flexmeasures.plan_models import PlanCause
from custom_components.flexmeasures.plan_settings import PlanSettings
from custom_components.flexmeasures.site_options import (
    LONGEST_HORIZON,
    LONGEST_PERIOD,
    SHORTEST_HORIZON,
    SHORTEST_PERIOD,
    USUAL_HORIZON,
    USUAL_PERIOD,
)

from .repository import ROOT, front_files, in_yaml, texts

README = (ROOT / "README.md").read_text()
SECTIONS = dict(re.findall(r"^#{2,3} (.+)\n((?:(?!^#{2,3} ).*\n)*)", README, re.MULTILINE))
ACTIONS = in_yaml("services.yaml")


def without_code(text: str) -> str:
    """Return a text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_it_begins_with_what_it_is_for() -> None:
    beginning = README.partition("\n## ")[0]

    assert beginning.startswith("# FlexMeasures for Home Assistant\n")
    assert "https://flexmeasures.io" in beginning
    assert len(without_code(beginning).split()) >= 40


@pytest.mark.parametrize(
    "title",
    [
        "Installation",
        "Installation parameters",
        "Removal",
        "Configuration",
        "Supported functions",
        "Supported devices",
        "Actions",
        "Use cases and examples",
        "Data updates",
        "Known limitations",
        "Troubleshooting",
    ],
)
def test_a_section_is_there(title: str) -> None:
    following = README[README.index(f" {title}\n") :]

    assert title in SECTIONS
    assert len(without_code(following).split()) >= 20


def test_every_field_of_every_form_is_described() -> None:
    content = texts()
    flows = [content["config"], content["options"], *content["config_subentries"].values()]

    steps = [step for flow in flows for step in flow["step"].values()]
    parts = [part for step in steps for part in (step, *step.get("sections", {}).values())]
    fields = {field for part in parts for field in part.get("data", {})}

    assert {field for field in fields if f"`{field}`" not in README} == set()


def test_every_action_and_every_field_is_described() -> None:
    section = SECTIONS["Actions"]

    for action, description in ACTIONS.items():
        assert f"`flexmeasures.{action}`" in section
        (row,) = re.findall(rf"^\| `flexmeasures\.{action}` \|.*$", section, re.MULTILINE)
        told = set(re.findall(r"`(\w+)`", row + section.partition("|")[0]))
        for other in ACTIONS.keys() & told - {action}:
            told |= ACTIONS[other]["fields"].keys()
        assert description["fields"].keys() <= told, action


def test_every_entity_is_described() -> None:
    """Except those that stand for sensors of the server, which are described as a whole."""
    section = SECTIONS["Supported functions"]
    entities = texts()["entity"]
    own = {"api_version", "server_version"}
    own |= {description.key for description in (*PLAN_SENSORS, *CONTROL_SENSORS)}
    names = [entities["sensor"][key]["name"] for key in own]
    names += [
        entity["name"]
        for platform, described in entities.items()
        for entity in described.values()
        if platform != "sensor"
    ]

    assert {name for name in names if f"**{name}**" not in section} == set()


@pytest.mark.parametrize("kind", ["triggers", "conditions"])
def test_every_trigger_and_condition_and_every_field_is_described(kind: str) -> None:
    section = SECTIONS["Triggers and conditions"]

    for name, described in in_yaml(f"{kind}.yaml").items():
        if not name.startswith("."):
            assert f"`flexmeasures.{name}`" in section
            assert all(f"`{field}`" in section for field in described.get("fields", {}))


@pytest.mark.parametrize("sensor", ["plan_status", "control_status"])
def test_every_status_is_explained_where_people_look_for_trouble(sensor: str) -> None:
    names = texts()["entity"]["sensor"][sensor]["state"].values()
    rows = re.findall(r"^  \| ([^|]+) \|", SECTIONS["Troubleshooting"], re.MULTILINE)
    told = {name for row in rows for name in row.split(", ")}

    # A plan that is there is no trouble.
    assert set(names) - told - {"Planned"} == set()


@pytest.mark.parametrize(
    ("page", "names"),
    [("planning.md", PlanCause), ("control.md", SetpointSource), ("control.md", GuardRail)],
)
def test_every_reason_that_attributes_tell_is_explained(page: str, names: type[StrEnum]) -> None:
    told = (ROOT / "docs" / page).read_text()

    assert {name for name in names if f"`{name}`" not in told} == set()


def test_the_usual_numbers_are_those_of_the_code() -> None:
    hour, minute, second = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
    rails = GuardRails()
    horizon = f"{SHORTEST_HORIZON // hour} to {LONGEST_HORIZON // hour}"
    period = f"{SHORTEST_PERIOD // minute} to {LONGEST_PERIOD // minute}"

    assert f"(`horizon`) | hours ahead, {horizon}; {USUAL_HORIZON // hour} when empty" in README
    assert f"(`period`) | minutes, {period}," in README
    assert f"; {USUAL_PERIOD // minute} when empty" in README
    assert f"(`deadband`) | W, usually {rails.deadband:g};" in README
    assert f"seconds between writes ({rails.minimum_dwell // second})" in README
    assert f"(`writes_per_day`) | {rails.writes_per_day}," in README
    assert f"usually {rails.settle_time // second} |" in README
    assert f"until it is {PlanSettings().longest_age // hour} hours" in README.replace("\n", " ")
    control = (ROOT / "docs" / "control.md").read_text()
    assert f"of the {rails.writes_per_day} writes of 24 hours" in control
    assert f"{rails.reserve} are kept for the safe value" in control


def test_every_front_file_has_its_place_in_the_architecture() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text()
    patterns = re.findall(r"`([\w*]+\.py)`", table)
    files = [path.name for path in front_files()]

    assert [name for name in files if not any(fnmatch(name, each) for each in patterns)] == []
    assert [each for each in patterns if not any(fnmatch(name, each) for name in files)] == []


def examples() -> list[Any]:
    """Return the examples as Home Assistant reads them."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [parse_yaml(block) for block in blocks]


def actions_in(node: Any) -> list[dict[str, Any]]:
    """Return the calls of our actions anywhere in an example."""
    if isinstance(node, list):
        return [call for item in node for call in actions_in(item)]
    if not isinstance(node, dict):
        return []
    is_ours = str(node.get("action", "")).startswith("flexmeasures.")
    return [node] if is_ours else [call for item in node.values() for call in actions_in(item)]


def test_examples_are_accepted_by_the_actions() -> None:
    calls = actions_in(examples())

    assert len(examples()) >= 3
    assert calls
    for call in calls:
        services.ACTIONS[call["action"].removeprefix("flexmeasures.")].schema(call["data"])


def test_links_within_the_repository_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

    broken = {
        (page.name, target)
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    }

    assert broken == set()
