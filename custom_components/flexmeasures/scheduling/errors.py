"""Why a flex-model or flex-context was refused, and the checks that refuse it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
import math


class FlexModelProblem(StrEnum):
    """Why a value of a flex-model or flex-context was refused by itself."""

    NOT_POSITIVE = "not_positive"
    NEGATIVE = "negative"
    NOT_A_SHARE = "not_a_share"
    MINIMUM_NOT_BELOW_MAXIMUM = "minimum_not_below_maximum"
    NOT_FINITE = "not_finite"
    EMPTY = "empty"


class FlexModelConflict(StrEnum):
    """Why a value of a flex-model or flex-context was refused beside what else is said."""

    # The server would plan on from its own answers.
    SAME_SENSOR = "same_sensor"
    # That of a round trip beside that of one way.
    TWO_EFFICIENCIES = "two_efficiencies"
    # A device that can never rest has no plan while it is full, or away.
    MODES_WITHOUT_REST = "modes_without_rest"
    # The planner says it.
    RESERVED_FIELD = "reserved_field"
    SEVERAL_CURRENCIES = "several_currencies"


class FlexModelError(ValueError):
    """A value of a flex-model or flex-context makes no sense.

    Attributes:
        field: name of the refused value.
        problem: what is wrong with it.
    """

    def __init__(self, field: str, problem: FlexModelProblem | FlexModelConflict) -> None:
        """Name the field and the reason."""
        super().__init__(f"{field}: {problem.value.replace('_', ' ')}")
        self.field = field
        self.problem = problem


def check_finite(**values: float) -> None:
    """Refuse infinity and what is not a number.

    Raises:
        FlexModelError: names the first such value.
    """
    _check(values, FlexModelProblem.NOT_FINITE, math.isfinite)


def check_positive(**values: float) -> None:
    """Refuse what is not finite or not above zero.

    Raises:
        FlexModelError: names the first such value.
    """
    check_finite(**values)
    _check(values, FlexModelProblem.NOT_POSITIVE, lambda value: value > 0)


def check_not_negative(**values: float) -> None:
    """Refuse what is not finite or below zero.

    Raises:
        FlexModelError: names the first such value.
    """
    check_finite(**values)
    _check(values, FlexModelProblem.NEGATIVE, lambda value: value >= 0)


def check_share(**values: float) -> None:
    """Refuse what is not finite or not between 0 and 1.

    Raises:
        FlexModelError: names the first such value.
    """
    check_finite(**values)
    _check(values, FlexModelProblem.NOT_A_SHARE, lambda value: 0 <= value <= 1)


def check_efficiency(**values: float) -> None:
    """Refuse what is no share above zero.

    Raises:
        FlexModelError: names the first such value.
    """
    check_finite(**values)
    _check(values, FlexModelProblem.NOT_A_SHARE, lambda value: 0 < value <= 1)


def _check(
    values: Mapping[str, float], problem: FlexModelProblem, is_right: Callable[[float], bool]
) -> None:
    for name, value in values.items():
        if not is_right(value):
            raise FlexModelError(name, problem)
