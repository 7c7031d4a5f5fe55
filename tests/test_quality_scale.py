"""The quality scale: every rule is answered, every rule that is done is proven, and no more is claimed."""

from configparser import ConfigParser
from itertools import takewhile
from pathlib import Path
import re

import homeassistant.components
import pytest

from .repository import INTEGRATION, ROOT, functions, in_json, in_yaml

TESTS = Path(__file__).parent
RULES = in_yaml("quality_scale.yaml")["rules"]
TIERS = ("bronze", "silver", "gold", "platinum")

# The tests that prove a rule, as file::test.
PROOFS = {
    "action-setup": "test_structure::test_actions_are_registered_once",
    "appropriate-polling": "test_init::test_an_entry_is_set_up_after_four_calls_whatever_its_size "
    "test_sensor::test_a_quiet_hour_with_a_hundred_sensors_stays_within_two_hundred_requests",
    "brands": "test_metadata::test_icons_are_square_and_of_the_size_that_is_shown",
    "common-modules": "test_structure::test_modules_have_the_names_that_reviewers_expect",
    "config-flow": "test_translations::test_every_field_of_every_flow_has_a_name_and_a_description",
    "config-flow-test-coverage": "test_structure::test_every_step_and_every_sentence_of_the_flows_is_tested",
    "dependency-transparency": "test_metadata::test_only_s2_is_required",
    "docs-actions": "test_documentation::test_every_action_and_every_field_is_described",
    "docs-conditions": "test_documentation::test_every_trigger_and_condition_and_every_field_is_described",
    "docs-high-level-description": "test_documentation::test_it_begins_with_what_it_is_for",
    "docs-installation-instructions": "test_documentation::test_a_section_is_there",
    "docs-removal-instructions": "test_documentation::test_a_section_is_there",
    "docs-triggers": "test_documentation::test_every_trigger_and_condition_and_every_field_is_described",
    "entity-event-setup": "test_structure::test_entities_subscribe_when_they_are_added_and_stop_when_removed",
    "entity-unique-id": "test_sensor::test_every_sensor_has_unit_class_name_and_known_future",
    "has-entity-name": "test_structure::test_entities_are_named_by_their_devices",
    "runtime-data": "test_structure::test_an_entry_keeps_its_parts_in_its_typed_runtime_data",
    "test-before-configure": "config_flow/test_connecting::test_each_failure_has_its_own_sentence_and_can_be_mended",
    "test-before-setup": "test_init::"
    "test_a_failing_server_is_retried_and_a_refused_sign_in_asks_for_a_password",
    "unique-config-entry": "config_flow/test_choosing_site::test_a_site_is_refused_twice",
    "action-exceptions": "services/test_refusals::test_bad_input_is_refused_by_name_before_anything_is_sent "
    "services/test_refusals::test_each_failure_of_the_server_has_its_own_sentence",
    "config-entry-unloading": "test_init::test_an_entry_unloads_and_loads_again",
    "docs-configuration-parameters": "test_documentation::test_every_field_of_every_form_is_described",
    "docs-installation-parameters": "test_documentation::test_every_field_of_every_form_is_described",
    "entity-unavailable": "test_sensor::"
    "test_sensors_are_unavailable_while_the_server_is_away_and_the_connection_says_so",
    "integration-owner": "test_metadata::test_the_manifest_links_to_pages_of_its_own",
    "log-when-unavailable": "test_sensor::"
    "test_sensors_are_unavailable_while_the_server_is_away_and_the_connection_says_so "
    "flexible_device/test_trouble::test_a_failed_job_is_told_once_and_the_last_schedule_stays",
    "parallel-updates": "test_structure::test_every_platform_says_how_many_calls_it_bears_at_once",
    "reauthentication-flow": "config_flow/test_reauthentication::"
    "test_reauthentication_stores_the_new_password_and_starts_the_entry",
    "test-coverage": "test_quality_scale::test_every_module_is_held_to_its_coverage",
    "devices": "test_init::test_devices_form_the_tree_of_the_server",
    "diagnostics": "test_diagnostics::test_diagnostics_tell_the_plan_and_no_secret",
    "docs-data-update": "test_documentation::test_a_section_is_there",
    "docs-examples": "test_documentation::test_examples_are_accepted_by_the_actions",
    "docs-known-limitations": "test_documentation::test_a_section_is_there",
    "docs-supported-devices": "test_documentation::test_a_section_is_there",
    "docs-supported-functions": "test_documentation::test_every_entity_is_described",
    "docs-troubleshooting": "test_documentation::test_a_section_is_there",
    "docs-use-cases": "test_documentation::test_a_section_is_there",
    "dynamic-devices": "test_init::test_new_assets_and_sensors_appear_and_removed_ones_leave",
    "entity-category": "test_sensor::test_every_sensor_has_unit_class_name_and_known_future",
    "entity-device-class": "test_sensor::test_every_sensor_has_unit_class_name_and_known_future",
    "entity-translations": "test_translations::test_every_entity_has_its_name_and_every_name_its_entity",
    "exception-translations": "test_translations::test_every_error_has_its_text_and_every_text_its_error "
    "test_translations::test_every_error_for_people_names_its_text",
    "icon-translations": "test_translations::test_every_entity_has_an_icon_of_its_own_or_of_its_device_class "
    "test_structure::test_names_and_icons_are_not_written_in_code",
    "reconfiguration-flow": "config_flow/test_reauthentication::"
    "test_reconfiguration_moves_the_entry_to_another_address",
    "entity-disabled-by-default": "test_sensor::"
    "test_the_version_that_the_device_shows_is_disabled_at_first",
    "repair-issues": "test_init::test_a_site_that_is_gone_is_told_until_it_is_back "
    "flexible_device/test_trouble::test_without_any_price_nothing_is_asked_for "
    "test_repairs::test_what_waited_is_sent_when_the_rights_are_back",
    "stale-devices": "test_init::test_new_assets_and_sensors_appear_and_removed_ones_leave",
    "async-dependency": "test_structure::test_nothing_waits_for_the_network_in_the_event_loop",
    "inject-websession": "test_structure::test_home_assistant_s_session_is_used",
    "strict-typing": "test_structure::test_types_are_checked_strictly",
}


def status_of(rule: str) -> str:
    """Return what the scale says about a rule."""
    answer = RULES[rule]
    return answer if isinstance(answer, str) else answer["status"]


def tiers_of(path: Path) -> dict[str, set[str]]:
    """Return the rules by tier, which a scale tells in comments."""
    _, *parts = re.split(
        r"^ *# (Bronze|Silver|Gold|Platinum)$", path.read_text(), flags=re.MULTILINE
    )
    return {
        tier.lower(): set(re.findall(r"^  ([a-z-]+):", rules, re.MULTILINE))
        for tier, rules in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_rule_is_answered_in_its_tier() -> None:
    """An integration of Home Assistant itself has the same rules, and they are 54."""
    of_core = tiers_of(Path(homeassistant.components.__path__[0]) / "peblar" / "quality_scale.yaml")
    ours = tiers_of(INTEGRATION / "quality_scale.yaml")

    assert tuple(ours) == TIERS
    assert ours == of_core
    assert set.union(*ours.values()) == RULES.keys()
    assert len(RULES) == 54


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_not_done_has_its_reason(rule: str) -> None:
    answer = RULES[rule]

    if answer != "done":
        assert answer.keys() == {"status", "comment"}
        assert answer["status"] in {"todo", "exempt"}
        assert answer["comment"].strip().endswith(".")


@pytest.mark.parametrize("rule", [rule for rule in RULES if status_of(rule) == "done"])
def test_a_rule_that_is_done_names_tests_that_exist(rule: str) -> None:
    for proof in PROOFS[rule].split():
        file, test = proof.split("::")
        assert test in functions(TESTS / f"{file}.py"), proof


def test_the_manifest_claims_what_is_proven_and_no_more() -> None:
    rules = tiers_of(INTEGRATION / "quality_scale.yaml")

    reached = takewhile(lambda tier: "todo" not in map(status_of, rules[tier]), TIERS)

    assert in_json("manifest.json")["quality_scale"] == list(reached)[-1]


def test_every_module_is_held_to_its_coverage() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")

    assert settings.getint("coverage:report", "fail_under") >= 95
    assert "--cov" in (ROOT / "script" / "test").read_text()
