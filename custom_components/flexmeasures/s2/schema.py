"""The standard's schema, by way of the models that s2-python generates from it.

The hand-written models that s2-python builds on these refuse what devices send and the standard allows: identifiers that
are no UUID, ranges from high to low, one power range for each phase, every description of demand driven control.

Importing this file brings pydantic, which takes most of a second: only `codec.load` does, in an executor.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from s2python.generated import gen_s2

from .messages.session import RevokableObject
from .wire import JsonObject, MessageError, invalid_message

# With more faults than this, listing them takes longer than the message is worth.
_LISTED_FAULTS = 50

# Raises MessageError when a message is not built as the standard says.
type Validate = Callable[[JsonObject], object]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message_id: gen_s2.ID


class DDBCPresentDemandStatus(_Model):
    """From version 1.0.0 on; s2-python does not have it yet."""

    message_type: Literal["DDBC.PresentDemandStatus"]
    present_demand_rate: gen_s2.NumberRange


class DDBCSystemDescription(_Model):
    """Until version 1.0.0 the present demand is in it, from then on not."""

    message_type: Literal["DDBC.SystemDescription"]
    valid_from: AwareDatetime
    actuators: Annotated[list[gen_s2.DDBCActuatorDescription], Field(min_length=1, max_length=10)]
    present_demand_rate: gen_s2.NumberRange | None = None
    provides_average_demand_rate_forecast: bool


class RevokeObject(_Model):
    """The standard's text lets more be revoked than its schema."""

    message_type: Literal["RevokeObject"]
    object_type: RevokableObject
    object_id: gen_s2.ID


_OWN: dict[str, type[BaseModel]] = {
    "DDBC.PresentDemandStatus": DDBCPresentDemandStatus,
    "DDBC.SystemDescription": DDBCSystemDescription,
    "RevokeObject": RevokeObject,
}


def validators(message_types: Iterable[str]) -> dict[str, Validate]:
    """Return a check for each of the message types, built and ready."""
    return {name: _validator(_model(name)) for name in message_types}


def _model(message_type: str) -> type[BaseModel]:
    own = _OWN.get(message_type)
    if own is not None:
        return own
    model: type[BaseModel] = getattr(gen_s2, message_type.replace(".", ""))
    return model


def _validator(model: type[BaseModel]) -> Validate:
    # They are built at their first use otherwise, which would be on the event loop.
    model.model_rebuild(force=True)
    check = model.__pydantic_validator__.validate_python

    def validate(raw: JsonObject) -> None:
        try:
            check(raw)
        except ValidationError as error:
            fault = _fault(error)
        else:
            return
        raise fault

    return validate


def _fault(error: ValidationError) -> MessageError:
    if error.error_count() > _LISTED_FAULTS:
        return invalid_message(f"{error.error_count()} faults")
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    fault = invalid_message(first["msg"])
    for step in reversed(first["loc"]):
        fault = fault.within(step)
    return fault
