"""An instruction for an S2 device as a person writes it."""

import json

from homeassistant.util import dt as dt_util

from .s2 import MessageError, load, random_identifier
from .s2.messages.components import Instruction
from .s2.wire import JsonObject
from .service_targets import refused


def read_instruction(given: object) -> Instruction:
    """Return the instruction; what it does not name is filled in. Belongs into an executor.

    Raises:
        ServiceValidationError: it is not as the standard says.
    """
    if not isinstance(given, dict):
        raise refused("instruction", "not_an_object")
    identifier = str(given.get("id", random_identifier()))
    raw: JsonObject = {
        "execution_time": dt_util.utcnow().isoformat(),
        "abnormal_condition": False,
        **given,
        "id": identifier,
        "message_id": identifier,
    }
    try:
        # Through text, so that a number that JSON does not know is refused here and not on the wire.
        return load().read_instruction(json.loads(json.dumps(raw, allow_nan=False)))
    except MessageError as error:
        raise refused("instruction", "s2_instruction", message=error.label) from error
    except (TypeError, ValueError) as error:
        raise refused("instruction", "not_an_object") from error
