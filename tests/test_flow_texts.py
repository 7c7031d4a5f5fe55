"""The errors of the flows: each has its sentence, and each sentence its error."""

import ast
import json
from pathlib import Path
from typing import Any

from custom_components.flexmeasures.scheduling import FlexModelConflict, FlexModelProblem

INTEGRATION = Path(__file__).parent.parent / "custom_components" / "flexmeasures"
# Currencies are those of the site, which has no storage, and what is left empty there is left to the server.
NOT_OF_A_DEVICE = {FlexModelConflict.SEVERAL_CURRENCIES}
NOT_OF_A_SITE = {
    FlexModelConflict.MODES_WITHOUT_REST,
    FlexModelConflict.RESERVED_FIELD,
    FlexModelConflict.SAME_SENSOR,
    FlexModelConflict.TWO_EFFICIENCIES,
    FlexModelProblem.EMPTY,
    FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM,
    FlexModelProblem.NOT_A_SHARE,
}
SECTIONS = ("config", "config_subentries", "options", "selector")


def texts() -> dict[str, Any]:
    """Return the flows' sections of the English translation; tests of translations compare the other language."""
    content = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    return {section: content[section] for section in SECTIONS}


def form_error_keys(file: str) -> set[str]:
    """Return the sentence's key of every FormError that a file makes with a literal one."""
    tree = ast.parse((INTEGRATION / file).read_text())
    return {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "FormError"
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def test_every_error_has_its_sentence() -> None:
    """Errors shared by the flows stand in both, the others in their own."""
    shared = form_error_keys("forms.py")
    assert "cannot_connect" in shared
    config = texts()["config"]["error"].keys()
    options = texts()["options"]["error"].keys()
    device = texts()["config_subentries"]["flexible_device"]["error"].keys()
    measurement = texts()["config_subentries"]["measurement"]["error"].keys()
    s2 = texts()["config_subentries"]["s2_device"]["error"].keys()
    addresses = {
        "url_invalid",
        "url_with_query",
        "url_with_user",
        "url_without_scheme",
    }
    assert config == shared | form_error_keys("config_flow.py") | addresses
    checked = set(FlexModelProblem) | set(FlexModelConflict)
    assert device == checked.difference(NOT_OF_A_DEVICE).union(
        shared,
        *map(
            form_error_keys,
            ("device_flow.py", "device_checks.py", "device_creation.py", "control_checks.py"),
        ),
    )
    assert options == checked.difference(NOT_OF_A_SITE) | form_error_keys("options_flow.py")
    assert measurement == shared | form_error_keys("feed_flow.py") | form_error_keys(
        "feed_forms.py"
    ) | form_error_keys("feed_sensors.py")
    assert s2 == shared | form_error_keys("s2_flow.py") | form_error_keys("device_creation.py")
