"""A message as a device writes it, and what the codec makes of it."""

from datetime import UTC, datetime
import json
from typing import Any

from custom_components.flexmeasures.s2.codec import Refusal, load
from custom_components.flexmeasures.s2.messages.session import ReceptionStatusValue
from custom_components.flexmeasures.s2.wire import JsonObject

from ..samples import element, number_range, power_range

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHOLE = element(0, 100, number_range(0, 0), power_range(0, 0))


def read(raw: JsonObject) -> Any:
    """Return what the codec makes of a message."""
    return load().read(json.dumps(raw))


def status_of(raw: JsonObject) -> ReceptionStatusValue:
    """Return what a message that is refused is answered with."""
    refusal = read(raw)
    assert isinstance(refusal, Refusal)
    return refusal.status
