"""The statuses that devices send every second, known by their form: then the schema's own check can say nothing more.

That check, pydantic's, is quick when it is called again and again. Called now and then it has to come back into the
processor's caches each time, and costs more than all the rest of an answer. A message that does not fit its form is not wrong by
that: the schema decides, and says what is wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import re

from .messages.components import CommodityQuantity
from .wire import JsonObject, JsonValue, is_identifier

type Fits = Callable[[JsonValue], object]
type Validate = Callable[[JsonObject], object]

# Beyond, an integer is not the same number as a float.
_LARGEST_INTEGER = 2**53
_MOST_VALUES = 10
_QUANTITIES = frozenset(quantity.value for quantity in CommodityQuantity)
_is_moment = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-][01]\d:[0-5]\d)",
    re.ASCII,
).fullmatch


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields of an object, and what fits each."""

    required: Mapping[str, Fits]
    optional: Mapping[str, Fits]

    def fits(self, raw: JsonObject) -> bool:
        """Tell whether an object has all that it must have, nothing unknown, and every value of its kind."""
        seen = 0
        for name, value in raw.items():
            if (fits := self.required.get(name)) is not None:
                seen += 1
            elif (fits := self.optional.get(name)) is None:
                return False
            if not fits(value):
                return False
        return seen == len(self.required)


def _number(value: JsonValue) -> bool:
    if type(value) is float:
        return True
    return type(value) is int and -_LARGEST_INTEGER < value < _LARGEST_INTEGER


def _identifier(value: JsonValue) -> object:
    return type(value) is str and is_identifier(value)


def _moment(value: JsonValue) -> object:
    return type(value) is str and _is_moment(value)


def _quantity(value: JsonValue) -> bool:
    return type(value) is str and value in _QUANTITIES


def _power_values(value: JsonValue) -> bool:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_VALUES:
        return False
    return all(isinstance(item, dict) and _POWER_VALUE.fits(item) for item in value)


def _anything(value: JsonValue) -> bool:
    """Accept the message type, by which the form was found."""
    return True


_MESSAGE: Mapping[str, Fits] = {"message_type": _anything, "message_id": _identifier}
_POWER_VALUE = _Form({"commodity_quantity": _quantity, "value": _number}, {})
_MODE_STATUS: Mapping[str, Fits] = {
    **_MESSAGE,
    "active_operation_mode_id": _identifier,
    "operation_mode_factor": _number,
}
_MODE_BEFORE: Mapping[str, Fits] = {
    "previous_operation_mode_id": _identifier,
    "transition_timestamp": _moment,
}
_ACTUATOR_STATUS = _Form({**_MODE_STATUS, "actuator_id": _identifier}, _MODE_BEFORE)
FORMS: Mapping[str, _Form] = {
    "DDBC.ActuatorStatus": _ACTUATOR_STATUS,
    "FRBC.ActuatorStatus": _ACTUATOR_STATUS,
    "FRBC.StorageStatus": _Form({**_MESSAGE, "present_fill_level": _number}, {}),
    "OMBC.Status": _Form(_MODE_STATUS, _MODE_BEFORE),
    "PowerMeasurement": _Form(
        {**_MESSAGE, "measurement_timestamp": _moment, "values": _power_values}, {}
    ),
}


def unless_known(message_type: str, validate: Validate) -> Validate:
    """Return what checks a message of this type: its form, and the schema where that does not fit."""
    form = FORMS.get(message_type)
    if form is None:
        return validate

    def check(raw: JsonObject) -> None:
        if not form.fits(raw):
            validate(raw)

    return check
