"""How the flexible devices are and what is wanted of them, read for a plan; and which of them cannot be planned now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .calendar_reading import async_read_departures
from .client import Sensor
from .const import CONF_INTERRUPTIBLE, CONF_PROFILE, CONF_PROFILE_PART, DOMAIN
from .device_model import Model, read_model, storage_state_of
from .device_reading import (
    StoredEnergy,
    is_plugged_in,
    read_storage_state,
    read_stored_energy,
)
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_models import PlanStatus
from .process_runs import ProcessRun, RunPhase
from .scheduling import (
    JSON,
    Battery,
    BreakableProcess,
    CurtailableProduction,
    ElectricVehicle,
    FlexModelError,
    GenericDevice,
    HeatBuffer,
    ProcessWindow,
    ShiftableProcess,
    Storage,
    StorageState,
    floor_to_resolution,
)
from .wishes import Wishes, next_time_of_day

if TYPE_CHECKING:
    from .plan_request import PlanWindow
    from .s2_planning import S2Planning
    from .s2_request import S2Request

# Without a time by which it has to be done, a process runs within a day.
_ANY_TIME = timedelta(hours=24)
# Settings that only a person can mend; everything else that is not known may be known again by itself.
_WRONG_SETTINGS = frozenset(
    {
        "device_values",
        "device_value_missing",
        "power_sensor_missing",
        "s2_energy_unknown",
        "wishes_contradict",
    }
)

type Describer = Callable[["PlanWindow"], "S2Request | NotPlanned"]
type FlexModelBuilder = Callable[[datetime, datetime], Mapping[str, JSON]]


class _FlexModel[State](Protocol):
    def __call__(
        self, state: State, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]: ...


@dataclass(frozen=True, slots=True)
class NotPlanned:
    """Why a device is left out of a plan.

    Attributes:
        problem: the sentence for people; None where the status says it all.
        keeps_plan: whether its last plan stays in force.
    """

    status: PlanStatus
    problem: HomeAssistantError | None = None
    keeps_plan: bool = True

    @classmethod
    def because_of(cls, problem: HomeAssistantError) -> NotPlanned:
        """Return that something about the device is not known, or makes no sense."""
        wrong = problem.translation_key in _WRONG_SETTINGS
        return cls(PlanStatus.SETTINGS_WRONG if wrong else PlanStatus.STATE_UNKNOWN, problem)


@dataclass(frozen=True, slots=True)
class WantedRun:
    """A run of a process, and when it may be.

    Attributes:
        earliest: begin of the step in which it was asked for, which may still be used.
        latest_end: by when it has to be done.
    """

    run: ProcessRun
    earliest: datetime
    latest_end: datetime

    def window(self, length: timedelta) -> ProcessWindow:
        """Return when what remains of the length of a process that may pause has to run."""
        return ProcessWindow(
            earliest=self.earliest,
            latest_end=self.latest_end,
            remaining=max(timedelta(0), length - self.run.ran),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInputs:
    """What a device's plan is made from.

    Attributes:
        sensor: on which its power is planned.
        model: what it can do; None for an S2 device, which tells that itself.
        build: returns its flex-model from a start to an end; None for an S2 device.
        storage, state, stored: only of what stores energy.
        wanted_run: only of a process.
        describe: returns what an S2 device adds to the request for a window, or why it is left out; None for all others.
    """

    device: FlexibleDevice
    sensor: Sensor
    model: Model | None = None
    build: FlexModelBuilder | None = field(default=None, compare=False)
    storage: Storage | None = None
    state: StorageState | None = None
    stored: StoredEnergy | None = None
    wanted_run: WantedRun | None = None
    describe: Describer | None = field(default=None, compare=False)

    @property
    def deadlines(self) -> tuple[datetime, ...]:
        """Return by when something has to be reached."""
        if self.wanted_run is not None:
            return (self.wanted_run.latest_end,)
        return () if self.state is None else tuple(target.time for target in self.state.targets)


class InputReader:
    """Reads one device after the other from Home Assistant's states."""

    def __init__(
        self,
        hass: HomeAssistant,
        sensors: Mapping[int, Sensor],
        now: datetime,
        zone: tzinfo,
        s2: S2Planning | None,
    ) -> None:
        """Read as of now; people's times of day are in the zone, and S2 devices are read as they told."""
        self._s2 = s2
        self._hass = hass
        self._sensors = sensors
        self._now = now
        self._zone = zone

    async def async_read(
        self, device: FlexibleDevice, wishes: Wishes, run: ProcessRun | None, until: datetime
    ) -> DeviceInputs | NotPlanned:
        """Return how the device is, or why it is left out.

        Args:
            device: which.
            wishes: what people want of it.
            run: of a process; None when nobody asked for one.
            until: how far a calendar is looked at.
        """
        if self._s2 is not None and device.kind is DeviceKind.S2:
            return self._s2.read(device, wishes, self._now, self._zone)
        try:
            return await self._async_read(device, wishes, run, until)
        except HomeAssistantError as problem:
            return NotPlanned.because_of(problem)
        except FlexModelError as error:
            return NotPlanned.because_of(senseless(device, error))

    async def _async_read(
        self, device: FlexibleDevice, wishes: Wishes, run: ProcessRun | None, until: datetime
    ) -> DeviceInputs | NotPlanned:
        sensor = self._sensors.get(device.power_sensor)
        if sensor is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="power_sensor_missing",
                translation_placeholders={
                    "device": device.title,
                    "sensor": str(device.power_sensor),
                },
            )
        if device.kind is DeviceKind.EV_CHARGER and not is_plugged_in(self._hass, device):
            return NotPlanned(PlanStatus.DEVICE_AWAY, keeps_plan=False)
        if device.kind is DeviceKind.PROCESS and (run is None or run.phase is RunPhase.DONE):
            return NotPlanned(PlanStatus.NOTHING_TO_PLAN, keeps_plan=False)
        model = read_model(self._hass, device)
        match model:
            case Battery() | ElectricVehicle() | HeatBuffer():
                return await self._async_storage(device, model, sensor, wishes, until)
            case ShiftableProcess() | BreakableProcess() if run is not None:
                return self._process(device, model, sensor, wishes, run)
            case GenericDevice():
                stored = read_stored_energy(self._hass, device, self._now)
                energy = stored.energy if stored else None
                build = _builder(model.flex_model, energy, sensor)
                return DeviceInputs(
                    device=device, model=model, sensor=sensor, build=build, stored=stored
                )
            case CurtailableProduction():
                return DeviceInputs(
                    device=device,
                    model=model,
                    sensor=sensor,
                    build=_builder(model.flex_model, None, sensor),
                )
        raise TypeError(f"{type(model).__name__} cannot be planned")

    async def _async_storage(
        self,
        device: FlexibleDevice,
        model: Battery | ElectricVehicle | HeatBuffer,
        sensor: Sensor,
        wishes: Wishes,
        until: datetime,
    ) -> DeviceInputs:
        stored = read_stored_energy(self._hass, device, self._now)
        if stored is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="state_of_charge_not_chosen",
                translation_placeholders={"device": device.title},
            )
        departures = await async_read_departures(
            self._hass, device, now=self._now, until=until, zone=self._zone
        )
        told = read_storage_state(
            self._hass,
            device,
            model.storage,
            stored,
            wishes,
            now=self._now,
            zone=self._zone,
            departures=departures,
        )
        state = storage_state_of(model, told)
        return DeviceInputs(
            device=device,
            model=model,
            sensor=sensor,
            storage=model.storage,
            state=state,
            stored=stored,
            build=_builder(model.storage.flex_model, state, sensor),
        )

    def _process(
        self,
        device: FlexibleDevice,
        model: ShiftableProcess | BreakableProcess,
        sensor: Sensor,
        wishes: Wishes,
        run: ProcessRun,
    ) -> DeviceInputs:
        latest_end = (
            run.requested_at + _ANY_TIME
            if wishes.ready_by is None
            else next_time_of_day(wishes.ready_by, run.requested_at, self._zone)
        )
        earliest = floor_to_resolution(run.requested_at, sensor.resolution)
        wanted = WantedRun(run, earliest, latest_end)
        if isinstance(model, ShiftableProcess):
            build = _builder(model.flex_model, run.started_at, sensor)
        else:
            build = _builder(model.flex_model, wanted.window(run_length(device)), sensor)
        return DeviceInputs(
            device=device,
            model=model,
            sensor=sensor,
            wanted_run=wanted,
            build=build,
        )


def run_length(device: FlexibleDevice) -> timedelta:
    """Return how long a run of the process lasts, without pauses."""
    return len(device.settings[CONF_PROFILE]) * timedelta(
        minutes=device.settings[CONF_PROFILE_PART]
    )


def is_run_over(device: FlexibleDevice, run: ProcessRun, now: datetime) -> bool:
    """Tell whether a run that is not noted as done has come to its end."""
    if run.is_done or run.started_at is None:
        return False
    if device.settings.get(CONF_INTERRUPTIBLE, False):
        return run.ran >= run_length(device)
    return now >= run.started_at + run_length(device)


def senseless(device: FlexibleDevice, error: ValueError) -> HomeAssistantError:
    """Return the sentence about values that make no sense together."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="device_values",
        translation_placeholders={"device": device.title, "reason": str(error)},
    )


def _builder[State](
    flex_model: _FlexModel[State], state: State, sensor: Sensor
) -> FlexModelBuilder:
    def build(start: datetime, end: datetime) -> Mapping[str, JSON]:
        return flex_model(state, start=start, end=end, resolution=sensor.resolution)

    return build
