"""One request for the plans of all devices of a site: what is asked for, and what was found before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .client import Sensor
from .plan_findings import told_finding
from .plan_inputs import DeviceInputs, NotPlanned, WantedRun, run_length
from .plan_models import PlanStatus
from .plan_settings import PlanSettings
from .s2_request import S2Request
from .scheduling import (
    JSON,
    BreakableProcess,
    Finding,
    FindingCode,
    Severity,
    ShiftableProcess,
    Tariff,
    ceil_to_resolution,
    cheapest_start,
    check_breakable_process,
    check_prices,
    check_process,
    check_storage,
    covered_end,
    floor_to_resolution,
)

_OF_STATE = frozenset(
    {
        FindingCode.STATE_OF_CHARGE_STALE,
        FindingCode.STATE_OF_CHARGE_ZERO,
        FindingCode.STATE_OF_CHARGE_IMPOSSIBLE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWindow:
    """The time that is planned.

    Attributes:
        now: when it is asked for.
        start: on the grid of the coarsest power sensor, not after now.
        end: on the same grid.
        resolution: of the coarsest power sensor.
        tariff: None where only the server reads the prices.
        priced_until: None together with the tariff.
        findings: about prices.
    """

    now: datetime
    start: datetime
    end: datetime
    resolution: timedelta
    tariff: Tariff | None = None
    priced_until: datetime | None = None
    findings: tuple[Finding, ...] = ()

    @classmethod
    def before_prices(
        cls,
        inputs: Mapping[str, DeviceInputs],
        settings: PlanSettings,
        now: datetime,
    ) -> PlanWindow:
        """Return the whole horizon for the devices, before it is known how far prices reach."""
        resolution = max(each.sensor.resolution for each in inputs.values())
        start = floor_to_resolution(now, resolution)
        end = ceil_to_resolution(start + settings.horizon, resolution)
        return cls(now=now, start=start, end=end, resolution=resolution)

    def priced(self, tariff: Tariff | None, inputs: Mapping[str, DeviceInputs]) -> PlanWindow:
        """Return the part of the window that prices cover, but not less than all targets in it need.

        The server fills the rest with prices of its own making; a target that nobody plans for would be worse.
        """
        if tariff is None:
            return self
        findings = check_prices(tariff, start=self.start, end=self.end)
        covered = covered_end(
            tariff,
            start=self.start,
            end=self.end,
            resolution=self.resolution,
            shortest=self.resolution,
        )
        needed = [
            ceil_to_resolution(time, self.resolution)
            for each in inputs.values()
            for time in each.deadlines
            if time <= self.end
        ]
        return replace(
            self,
            end=max([covered or self.end, *needed]),
            tariff=tariff,
            priced_until=tariff.covered_until(self.start),
            findings=findings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """What is asked for one device.

    Attributes:
        flex_models: its entries of the flex-model: one, but for S2 devices.
        available: W per step that are forecast for what can be curtailed, positive.
        flows: kW per step that sensors foresee to flow into a storage, negative out of it; empty without such sensors.
        starts_at: of a process that has not started: when it is to start.
        s2: what else an S2 device adds; None for all others.
    """

    inputs: DeviceInputs
    flex_models: tuple[Mapping[str, JSON], ...]
    findings: tuple[Finding, ...]
    available: tuple[float | None, ...] = ()
    flows: tuple[float, ...] = ()
    starts_at: datetime | None = None
    s2: S2Request | None = None

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Return the sensors of power whose schedules are wanted."""
        return (self.inputs.sensor,) if self.s2 is None else tuple(self.s2.actuators.values())


def request_for(
    inputs: DeviceInputs, window: PlanWindow, last_energy: float | None
) -> DeviceRequest | NotPlanned:
    """Return what is asked for a device, or why a plan would be wrong.

    Args:
        inputs: how it is.
        window: the time that is planned.
        last_energy: kWh known before; None when nothing was.

    Raises:
        ValueError: the server would refuse the device's flex-model.
    """
    findings = _findings(inputs, window, last_energy)
    for finding in findings:
        if finding.severity is Severity.BLOCKING:
            of_state = finding.code in _OF_STATE
            status = PlanStatus.STATE_UNKNOWN if of_state else PlanStatus.TARGET_MISSED
            return NotPlanned(status, told_finding(finding), keeps_plan=of_state)
    findings = (*findings, *window.findings)
    if isinstance(inputs.model, ShiftableProcess) and inputs.wanted_run:
        return _process_request(inputs, inputs.model, inputs.wanted_run, window, findings)
    if inputs.describe is not None:
        return _s2_request(inputs, inputs.describe(window), findings)
    assert inputs.build is not None
    return DeviceRequest(
        inputs=inputs,
        flex_models=(inputs.build(window.start, window.end),),
        findings=findings,
    )


def _s2_request(
    inputs: DeviceInputs, described: S2Request | NotPlanned, findings: tuple[Finding, ...]
) -> DeviceRequest | NotPlanned:
    if isinstance(described, NotPlanned):
        return described
    return DeviceRequest(
        inputs=inputs,
        flex_models=described.flex_models,
        findings=(*findings, *described.findings),
        available=described.available,
        s2=described,
    )


def _findings(
    inputs: DeviceInputs, window: PlanWindow, last_energy: float | None
) -> tuple[Finding, ...]:
    if wanted := inputs.wanted_run:
        return _process_findings(inputs, wanted, window)
    if inputs.storage is None or inputs.state is None or inputs.stored is None:
        return ()
    return check_storage(
        inputs.storage,
        inputs.state,
        start=window.start,
        end=window.end,
        resolution=inputs.sensor.resolution,
        age=inputs.stored.age,
        longest_age=inputs.device.longest_age,
        last_energy=last_energy,
    )


def _process_findings(
    inputs: DeviceInputs, wanted: WantedRun, window: PlanWindow
) -> tuple[Finding, ...]:
    if isinstance(inputs.model, BreakableProcess):
        return check_breakable_process(
            wanted.window(run_length(inputs.device)), now=window.now, resolution=window.resolution
        )
    if not isinstance(inputs.model, ShiftableProcess) or wanted.run.started_at is not None:
        return ()
    return check_process(
        inputs.model,
        earliest=wanted.earliest,
        latest_end=wanted.latest_end,
        now=window.now,
        resolution=window.resolution,
    )


def _process_request(
    inputs: DeviceInputs,
    process: ShiftableProcess,
    wanted: WantedRun,
    window: PlanWindow,
    findings: tuple[Finding, ...],
) -> DeviceRequest:
    """Choose when the process starts, unless it has started, and ask for exactly that."""
    chosen = None
    if wanted.run.started_at is None:
        chosen = _cheapest_start(process, wanted.latest_end, window)
    length = inputs.sensor.resolution
    return DeviceRequest(
        inputs=inputs,
        flex_models=(
            process.flex_model(
                wanted.run.started_at or chosen,
                start=window.start,
                end=window.end,
                resolution=length,
            ),
        ),
        findings=findings,
        starts_at=chosen,
    )


def _cheapest_start(
    process: ShiftableProcess, latest_end: datetime, window: PlanWindow
) -> datetime:
    """Return the cheapest start, in the step that has begun or later; that step where no run is priced."""
    if window.tariff is None:
        return window.start
    found = cheapest_start(
        process,
        window.tariff.consumption,
        earliest=window.start,
        latest_end=min(latest_end, window.end),
        resolution=window.resolution,
    )
    return found.time if found else window.start
