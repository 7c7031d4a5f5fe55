"""A battery built on s2-python's own connection, for an environment that has its websockets; says what happens to it.

Run as ``s2_python_battery.py ADDRESS`` with the secret as ``S2_SECRET``. Every line that it prints is one event: a JSON
object with ``event`` and what belongs to it.
"""

import asyncio
from datetime import UTC, datetime, timedelta
import json
import os
import sys
from typing import override
from uuid import UUID, uuid4

from s2python.common import (
    Commodity,
    CommodityQuantity,
    Duration,
    InstructionStatus,
    InstructionStatusUpdate,
    NumberRange,
    PowerMeasurement,
    PowerRange,
    PowerValue,
    Role,
    RoleType,
    SessionRequest,
    Transition,
)
from s2python.connection import AssetDetails
from s2python.connection.async_ import S2AsyncConnection
from s2python.connection.async_.control_type.class_based import (
    FRBCControlType,
    ResourceManagerHandler,
)
from s2python.connection.async_.medium.s2_medium import (
    MediumClosedConnectionError,
    MediumCouldNotConnectError,
)
from s2python.connection.async_.medium.websocket import WebsocketClientMedium
from s2python.connection.types import S2ConnectionEventsAndMessages, SendOkayRunAsync
from s2python.frbc import (
    FRBCActuatorDescription,
    FRBCActuatorStatus,
    FRBCInstruction,
    FRBCOperationMode,
    FRBCOperationModeElement,
    FRBCStorageDescription,
    FRBCStorageStatus,
    FRBCSystemDescription,
)

_POWER = 4000.0  # W
_FILL_RATE = 100 * _POWER / (8 * 3.6e6)  # % of 8 kWh per second
_LEVEL = 40.0  # %
_BACK_OFF = 0.5  # s
_RESOURCE = uuid4()
_ACTUATOR = uuid4()
_IDLE = uuid4()
_CHARGE = uuid4()
_TOTAL = CommodityQuantity.ELECTRIC_POWER_3_PHASE_SYMMETRIC


def say(event: str, **fields: object) -> None:
    """Print an event."""
    print(json.dumps({"event": event, **fields}), flush=True)


class Battery(FRBCControlType):
    """8 kWh that are charged with up to 4 kW."""

    def __init__(self) -> None:
        """Begin idle."""
        self._mode = _IDLE
        self._factor = 0.0

    @override
    async def activate(self, connection: S2AsyncConnection) -> None:
        """Tell what it is and how it is."""
        say("activated")
        for message in (self._description(), self._storage_status(), self._actuator_status()):
            await connection.send_msg_and_await_reception_status(message)
        measurement = PowerMeasurement(
            message_id=uuid4(),
            measurement_timestamp=datetime.now(UTC),
            values=[PowerValue(commodity_quantity=_TOTAL, value=self._factor * _POWER)],
        )
        await connection.send_msg_and_await_reception_status(measurement)

    @override
    async def deactivate(self, connection: S2AsyncConnection) -> None:
        """Run on its own again."""
        say("deactivated")

    @override
    async def handle_instruction(
        self,
        connection: S2AsyncConnection,
        msg: S2ConnectionEventsAndMessages,
        send_okay: SendOkayRunAsync,
    ) -> None:
        """Follow at once, and say so."""
        assert isinstance(msg, FRBCInstruction)
        assert send_okay is not None
        await send_okay()
        self._mode, self._factor = msg.operation_mode, msg.operation_mode_factor
        await connection.send_msg_and_await_reception_status(
            InstructionStatusUpdate(
                message_id=uuid4(),
                instruction_id=msg.id,
                status_type=InstructionStatus.SUCCEEDED,
                timestamp=datetime.now(UTC),
            )
        )
        await connection.send_msg_and_await_reception_status(self._actuator_status())
        power = self._factor * _POWER if self._mode == _CHARGE else 0.0
        say("followed", actuator=msg.actuator_id == _ACTUATOR, power=power)

    def _description(self) -> FRBCSystemDescription:
        modes = [_mode(_IDLE, 0.0, 0.0), _mode(_CHARGE, _POWER, _FILL_RATE)]
        actuator = FRBCActuatorDescription(
            id=_ACTUATOR,
            diagnostic_label="inverter",
            supported_commodities=[Commodity.ELECTRICITY],
            operation_modes=modes,
            transitions=[_transition(_IDLE, _CHARGE), _transition(_CHARGE, _IDLE)],
            timers=[],
        )
        storage = FRBCStorageDescription(
            diagnostic_label="cells",
            fill_level_label="%",
            provides_leakage_behaviour=False,
            provides_fill_level_target_profile=False,
            provides_usage_forecast=False,
            fill_level_range=_range(0.0, 100.0),
        )
        return FRBCSystemDescription(
            message_id=uuid4(), valid_from=datetime.now(UTC), actuators=[actuator], storage=storage
        )

    def _storage_status(self) -> FRBCStorageStatus:
        return FRBCStorageStatus(message_id=uuid4(), present_fill_level=_LEVEL)

    def _actuator_status(self) -> FRBCActuatorStatus:
        return FRBCActuatorStatus(
            message_id=uuid4(),
            actuator_id=_ACTUATOR,
            active_operation_mode_id=self._mode,
            operation_mode_factor=self._factor,
            previous_operation_mode_id=None,
            transition_timestamp=None,
        )


def _mode(name: UUID, power: float, rate: float) -> FRBCOperationMode:
    element = FRBCOperationModeElement(
        fill_level_range=_range(0.0, 100.0),
        fill_rate=_range(0.0, rate),
        power_ranges=[
            PowerRange(start_of_range=0.0, end_of_range=power, commodity_quantity=_TOTAL)
        ],
    )
    return FRBCOperationMode(
        id=name, diagnostic_label=None, elements=[element], abnormal_condition_only=False
    )


def _range(start: float, end: float) -> NumberRange:
    return NumberRange(start_of_range=start, end_of_range=end)


def _transition(source: UUID, target: UUID) -> Transition:
    return Transition.from_dict(
        {
            "id": str(uuid4()),
            "from": str(source),
            "to": str(target),
            "start_timers": [],
            "blocking_timers": [],
            "abnormal_condition_only": False,
        }
    )


async def _session_requested(
    connection: S2AsyncConnection, msg: S2ConnectionEventsAndMessages, send_okay: SendOkayRunAsync
) -> None:
    assert isinstance(msg, SessionRequest)
    assert send_okay is not None
    say("session_request", request=msg.request.value)
    # The socket may be closed before the answer is sent; then this raises, and the session ends all the same.
    await send_okay()
    await connection.stop()


async def _hold_session(address: str, secret: str) -> None:
    details = AssetDetails(
        resource_id=_RESOURCE,
        provides_forecast=False,
        provides_power_measurements=[_TOTAL],
        instruction_processing_delay=Duration.from_timedelta(timedelta(milliseconds=20)),
        roles=[Role(role=RoleType.ENERGY_STORAGE, commodity=Commodity.ELECTRICITY)],
        name="s2-python battery",
    )
    async with WebsocketClientMedium(address, bearer_token=secret) as medium:
        connection = S2AsyncConnection(medium, asyncio.get_running_loop())
        ResourceManagerHandler([Battery()], details).register_handlers(connection)
        connection.register_handler(SessionRequest, _session_requested)
        say("connected")
        await connection.run()


async def main(address: str, secret: str) -> None:
    """Hold sessions until the process is ended."""
    while True:
        try:
            await _hold_session(address, secret)
        except (MediumClosedConnectionError, MediumCouldNotConnectError) as error:
            say("not_connected", error=type(error).__name__)
        await asyncio.sleep(_BACK_OFF)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["S2_SECRET"]))
