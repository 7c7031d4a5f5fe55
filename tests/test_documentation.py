"""The documentation: what a user has to know is there, under the names that code and forms use."""

import re
from typing import Any

from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.flexmeasures import services
from custom_components.flexmeasures.control_entities import CONTROL_SENSORS
from custom_components.flexmeasures.plan_entities import PLAN_SENSORS

from .repository import ROOT, in_yaml, texts

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
