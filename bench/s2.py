"""What S2 devices cost: from a device's text to our answer, beside s2-python, and over a day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import gc
from itertools import count
import json
import time
from uuid import UUID

from s2python.common import ReceptionStatus, ReceptionStatusValues
from s2python.s2_parser import S2Parser

from custom_components.flexmeasures.s2 import Session, load
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.wire import JsonObject

from .figures import Figure
from .own_memory import own_memory

_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_MESSAGES = 20_000
_ROUNDS = 5
# Promised, and what it is for: a device may send as fast as it likes.
_BOUND = 1.5  # times
_DEVICES = 50
_BOUND_OF_SHARE = 2  # % of a core
_HOUR = 3600  # s
_DAY = 24 * _HOUR
# By then the ledger of instructions is full: 500, one each minute.
_SETTLED = 10 * _HOUR
# Three bytes for each status in between, which no record of it could fit into; pages come and go.
_BOUND_OF_GROWTH = 0.125  # MiB
_MIB = 1024  # KiB
_NAMES = (f"00000000-0000-4000-8000-{number:012}" for number in count(1))


def measure_s2() -> list[Figure]:
    """Let batteries speak to sessions."""
    return [*_answering(), _growth()]


def _answering() -> list[Figure]:
    """Read statuses and answer them, in turns with s2-python, which parses them and dumps the answers."""
    session = _described_session()
    statuses = [_text("FRBC.StorageStatus", present_fill_level=float(i % 100)) for i in range(100)]
    answer = ReceptionStatus(
        subject_message_id=UUID(next(_NAMES)),
        status=ReceptionStatusValues.OK,
        diagnostic_label=None,
    )

    def own(text: str) -> None:
        session.receive(text, _BEGIN)

    def other(text: str) -> None:
        S2Parser.parse_as_any_message(text)
        answer.to_json()

    costs: dict[Callable[[str], None], list[float]] = {own: [], other: []}
    for _ in range(_ROUNDS):
        for answering, times in costs.items():
            times.append(_cost(answering, statuses))
    if session.counters.refused or session.state != "active":
        raise RuntimeError(f"statuses were refused: {session.counters}")
    cost, beside = min(costs[own]), min(costs[other])
    return [
        Figure(name="an S2 status, from text to answer", value=cost, unit="µs"),
        Figure(
            name="an S2 status, from text to answer: relative to s2-python's parse and dump",
            value=cost / beside,
            unit="times",
            bound=_BOUND,
        ),
        Figure(
            name=f"{_DEVICES} S2 devices with a status a second: share of a core in sessions",
            value=cost * _DEVICES / 1e6 * 100,
            unit="%",
            bound=_BOUND_OF_SHARE,
        ),
    ]


def _cost(answering: Callable[[str], None], texts: list[str]) -> float:
    """Return microseconds of processor time per text."""
    gc.collect()
    began = time.process_time()
    for _ in range(_MESSAGES // len(texts)):
        for text in texts:
            answering(text)
    return (time.process_time() - began) / _MESSAGES * 1e6


def _growth() -> Figure:
    """Simulate a day of a battery that never answers, and see what its second half leaves behind."""
    session = _described_session()
    settled = 0
    for second in range(_DAY):
        now = _BEGIN + timedelta(seconds=second)
        session.receive(_text("FRBC.StorageStatus", present_fill_level=float(second % 100)), now)
        if second % 60 == 0:
            session.tick(now)
            session.send_instruction(_instruction(now), now)
        if second % 900 == 0:
            session.receive(_description(), now)
        if second == _SETTLED:
            settled = own_memory()
    return Figure(
        name="memory that a day of S2 leaves behind: growth over the last 14 hours",
        value=max(0, own_memory() - settled) / _MIB,
        unit="MiB",
        bound=_BOUND_OF_GROWTH,
    )


def _described_session() -> Session:
    session = Session(load(), _BEGIN)
    session.receive(
        _text("Handshake", role="RM", supported_protocol_versions=["0.0.2-beta"]), _BEGIN
    )
    session.receive(
        _text(
            "ResourceManagerDetails",
            resource_id="battery",
            roles=[{"role": "ENERGY_STORAGE", "commodity": "ELECTRICITY"}],
            instruction_processing_delay=1000,
            available_control_types=["FILL_RATE_BASED_CONTROL"],
            provides_forecast=False,
            provides_power_measurement_types=["ELECTRIC.POWER.L1"],
        ),
        _BEGIN,
    )
    session.receive(_description(), _BEGIN)
    return session


def _description() -> str:
    level: JsonObject = {"start_of_range": 0, "end_of_range": 100}
    power: JsonObject = {
        "start_of_range": 0,
        "end_of_range": 5000,
        "commodity_quantity": "ELECTRIC.POWER.L1",
    }
    element: JsonObject = {
        "fill_level_range": level,
        "fill_rate": {"start_of_range": 0, "end_of_range": 0.01},
        "power_ranges": [power],
    }
    mode: JsonObject = {"id": "charge", "elements": [element], "abnormal_condition_only": False}
    actuator: JsonObject = {
        "id": "inverter",
        "supported_commodities": ["ELECTRICITY"],
        "operation_modes": [mode],
        "transitions": [],
        "timers": [],
    }
    storage: JsonObject = {
        "provides_leakage_behaviour": False,
        "provides_fill_level_target_profile": False,
        "provides_usage_forecast": False,
        "fill_level_range": level,
    }
    return _text(
        "FRBC.SystemDescription",
        valid_from=_BEGIN.isoformat(),
        actuators=[actuator],
        storage=storage,
    )


def _instruction(now: datetime) -> frbc.Instruction:
    return frbc.Instruction(
        id=next(_NAMES),
        execution_time=now,
        actuator_id="inverter",
        operation_mode_id="charge",
        operation_mode_factor=0.5,
    )


def _text(message_type: str, **fields: object) -> str:
    return json.dumps({"message_type": message_type, "message_id": next(_NAMES), **fields})
