"""Flex-models to ask for schedules with, and what to know about a schedule before and after it is computed.

Knows neither HTTP nor Home Assistant. Power is in watts, consumption positive; energy in kWh; time is aware UTC.
"""

from .battery import Battery
from .calendar_targets import CalendarEvent, departures_of
from .electric_vehicle import Departure, ElectricVehicle, VehicleState
from .errors import FlexModelConflict, FlexModelError, FlexModelProblem
from .explanation import (
    BindingConstraint,
    BlockExplanation,
    NextBest,
    PlanExplanation,
    PlannedStorage,
    charging_at_once,
    explain,
)
from .flex_context import FlexContext, Price, PriceSensor
from .generic import GenericDevice
from .grid import ceil_to_resolution, floor_to_resolution
from .heat_buffer import HeatBuffer, WaterTank
from .outcome import (
    Breach,
    Missed,
    MissedLimit,
    all_missed,
    breaches,
    missed_by_expectation,
    missed_by_server,
)
from .preflight import (
    Finding,
    FindingCode,
    Severity,
    check_breakable_process,
    check_prices,
    check_process,
    check_storage,
    covered_end,
)
from .prices import PriceRow, PriceSeries, StepPrices, Tariff
from .process import (
    BreakableProcess,
    ProcessStart,
    ProcessWindow,
    ShiftableProcess,
    cheapest_start,
    run_cost,
)
from .production import CurtailableProduction, uncurtailed_steps
from .quantities import JSON, SensorReference
from .reach import Reach, Recursion, expected_energies
from .schedule import Block, BlockKind, Schedule, Step, block_kind
from .site_connection import PowerSeries, SiteConnection
from .storage import Flow, PowerRange, Storage
from .storage_state import EnergyTarget, EnergyWindow, PowerWindow, StorageState
from .stored_schedule import schedule_from_json, schedule_to_json

# Every kind of device that stores energy: each has `storage`, and `storage_state` for its own kind of state.
type StorageDevice = Battery | ElectricVehicle | HeatBuffer | Storage
# Every kind of device: each has `power_sensor`, and `flex_model` for its own kind of state.
type AnyDevice = (
    StorageDevice | BreakableProcess | CurtailableProduction | GenericDevice | ShiftableProcess
)

__all__ = [
    "JSON",
    "AnyDevice",
    "Battery",
    "BindingConstraint",
    "Block",
    "BlockExplanation",
    "BlockKind",
    "Breach",
    "BreakableProcess",
    "CalendarEvent",
    "CurtailableProduction",
    "Departure",
    "ElectricVehicle",
    "EnergyTarget",
    "EnergyWindow",
    "Finding",
    "FindingCode",
    "FlexContext",
    "FlexModelConflict",
    "FlexModelError",
    "FlexModelProblem",
    "Flow",
    "GenericDevice",
    "HeatBuffer",
    "Missed",
    "MissedLimit",
    "NextBest",
    "PlanExplanation",
    "PlannedStorage",
    "PowerRange",
    "PowerSeries",
    "PowerWindow",
    "Price",
    "PriceRow",
    "PriceSensor",
    "PriceSeries",
    "ProcessStart",
    "ProcessWindow",
    "Reach",
    "Recursion",
    "Schedule",
    "SensorReference",
    "Severity",
    "ShiftableProcess",
    "SiteConnection",
    "Step",
    "StepPrices",
    "Storage",
    "StorageDevice",
    "StorageState",
    "Tariff",
    "VehicleState",
    "WaterTank",
    "all_missed",
    "block_kind",
    "breaches",
    "ceil_to_resolution",
    "charging_at_once",
    "cheapest_start",
    "check_breakable_process",
    "check_prices",
    "check_process",
    "check_storage",
    "covered_end",
    "departures_of",
    "expected_energies",
    "explain",
    "floor_to_resolution",
    "missed_by_expectation",
    "missed_by_server",
    "run_cost",
    "schedule_from_json",
    "schedule_to_json",
    "uncurtailed_steps",
]
