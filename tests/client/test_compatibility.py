"""What is known about versions, as plain functions."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.client import Asset
from custom_components.flexmeasures.client.compatibility import is_older, release, subtree


@pytest.mark.parametrize(
    ("version", "minimum", "older"),
    [
        ("0.9.0", "0.28.0", True),
        ("0.28", "0.28.0", True),
        ("1.0.0rc1", "1.0.0", False),
        ("1.0.1.dev5+g123", "1.0.1", False),
        ("10.0", "9.9", False),
        (None, "1.0.0", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str | None, minimum: str, older: bool) -> None:
    """A server that does not say is taken for a current one."""
    assert is_older(version, minimum) is older


def test_a_version_without_numbers_is_the_oldest() -> None:
    """It says nothing that could be relied on."""
    assert release("development") == ()


@given(st.dictionaries(st.integers(1, 12), st.integers(1, 12), max_size=12), st.integers(1, 12))
def test_any_list_of_parents_gives_a_tree(parents: dict[int, int], root: int) -> None:
    """Even one that goes in circles."""
    assets = tuple(
        Asset(id=number, name="", type_name="", account_id=1, parent_id=parent)
        for number, parent in parents.items()
    )

    found = {one.id for one in subtree(assets, root)}

    assert (root in found) == (root in parents)
    for one in assets:
        if one.id != root:
            assert (one.id in found) == (one.parent_id in found)
