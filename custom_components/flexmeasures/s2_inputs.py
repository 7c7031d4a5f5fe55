"""An S2 device read for a plan: what it described, what people want of it, and what that adds to the request."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final, cast

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .client import JsonObject, JsonValue, Sensor
from .const import DOMAIN
from .device_reading import StoredEnergy, read_storage_state
from .flexible_device import FlexibleDevice
from .plan_inputs import DeviceInputs, NotPlanned, senseless
from .plan_models import Baseline, PlanStatus
from .plan_request import PlanWindow
from .s2.control_types import (
    Contribution,
    FillRateControl,
    Finding,
    Grid,
    PowerEnvelopeControl,
    PowerProfileControl,
    Sensors,
    SeriesKind,
    Timeline,
    expected_energies,
    planned_storage,
)
from .s2_device import S2Device
from .s2_findings import findings_of
from .s2_request import ExpectEnergies, S2Request
from .s2_sensors import POWER, planning_sensors
from .scheduling import FlexModelError, Storage, StorageState
from .wishes import Wishes

_WATTS_PER_KILOWATT: Final = 1000
# Who computed a price does not matter to a placement; it only names what is replaced together.
_PRICES: Final = "prices"
_ELECTRICITY: Final = "electricity"
_WANTED: Final = ("soc-minima", "soc-maxima")


class S2InputReader:
    """Reads one S2 device as of now; people's times of day are in the zone."""

    def __init__(self, hass: HomeAssistant, now: datetime, zone: tzinfo) -> None:
        """Read as of now."""
        self._hass = hass
        self._now = now
        self._zone = zone

    def read(
        self,
        device: FlexibleDevice,
        s2_device: S2Device,
        named: Mapping[str, Sensor],
        wishes: Wishes,
    ) -> DeviceInputs | NotPlanned:
        """Return how the device is, or why it is left out; its last plan stays in force meanwhile.

        Args:
            device: with its settings.
            s2_device: with what it said.
            named: the sensors of its asset.
            wishes: what people want of it.
        """
        if not s2_device.connected:
            return NotPlanned(PlanStatus.DEVICE_AWAY)
        if s2_device.control is None or not s2_device.observation.is_described:
            return NotPlanned.because_of(_problem("s2_not_described", device))
        if (sensors := planning_sensors(s2_device, named)) is None:
            if not s2_device.lacks_sensors:
                return NotPlanned(PlanStatus.WAITING)
            return NotPlanned.because_of(_problem("s2_sensors_missing", device))
        try:
            storage, state, stored = self._storage(device, s2_device, sensors, wishes)
        except HomeAssistantError as problem:
            return NotPlanned.because_of(problem)
        except FlexModelError as error:
            return NotPlanned.because_of(senseless(device, error))
        return DeviceInputs(
            device=device,
            sensor=named[POWER],
            storage=storage,
            state=state,
            stored=stored,
            describe=partial(_describe, device, s2_device, (storage, state), named),
        )

    def _storage(
        self, device: FlexibleDevice, s2_device: S2Device, sensors: Sensors, wishes: Wishes
    ) -> tuple[Storage | None, StorageState | None, StoredEnergy | None]:
        """Return what stores energy, how it is and what is wanted of it; nothing where nothing is known to be stored.

        Raises:
            HomeAssistantError: the wishes contradict each other.
            FlexModelError: the description is that of no storage.
        """
        control = s2_device.control
        outlook = control.outlook(self._now) if isinstance(control, FillRateControl) else None
        storage = planned_storage(outlook, sensors) if outlook else None
        energy = outlook.storage.energy(outlook.level) if outlook else None
        if storage is None or energy is None:
            return None, None, None
        stored = StoredEnergy(energy, timedelta(0))
        told = read_storage_state(
            self._hass, device, storage, stored, wishes, now=self._now, zone=self._zone
        )
        state = told if isinstance(told, StorageState) else None
        return storage, state, stored


def _describe(
    device: FlexibleDevice,
    s2_device: S2Device,
    storage: tuple[Storage | None, StorageState | None],
    named: Mapping[str, Sensor],
    window: PlanWindow,
) -> S2Request | NotPlanned:
    """Return what the device adds to a request for the window, or why it cannot be planned as it is.

    It may have left, or described itself otherwise, while the prices were read.
    """
    sensors = planning_sensors(s2_device, named)
    if s2_device.control is None or sensors is None:
        return NotPlanned(PlanStatus.DEVICE_AWAY)
    _tell_prices(s2_device, window)
    steps = (window.end - window.start) // window.resolution
    grid = Grid(window.start, window.resolution, steps)
    try:
        contribution = s2_device.control.contribution(sensors, grid, window.now)
    except ValueError as error:
        return NotPlanned.because_of(senseless(device, error))
    if any(notice.finding is Finding.UNKNOWN_CAPACITY for notice in contribution.notices):
        return NotPlanned.because_of(_problem("s2_energy_unknown", device))
    models = _with_wishes(_objects(contribution.flex_models), *storage, window)
    forecast_sensor = _curtailed_by(models)
    is_curtailed = forecast_sensor is not None
    available = _watts(contribution, SeriesKind.PRODUCTION_FORECAST) if is_curtailed else ()
    return S2Request(
        flex_models=models,
        actuators=_planned_on(models, sensors, named),
        context=_context(contribution),
        series=contribution.series,
        sensor_of=sensors.series,
        placed=_placed(s2_device, contribution),
        available=available,
        forecast_sensor=None if available else forecast_sensor,
        findings=findings_of(contribution.notices),
        baseline=_baseline(s2_device, is_curtailed=is_curtailed, models=models),
        price_at_once=_price_at_once(s2_device),
        expect=_expectation(s2_device, contribution, window),
    )


def _planned_on(
    models: Iterable[JsonObject], sensors: Sensors, named: Mapping[str, Sensor]
) -> dict[str, Sensor]:
    """Return the sensor of each actuator whose electric power the server plans."""
    by_id = {sensor.id: sensor for sensor in named.values()}
    electric = {
        model["sensor"]
        for model in models
        if "sensor" in model and model.get("commodity", _ELECTRICITY) == _ELECTRICITY
    }
    return {
        actuator: by_id[number] for actuator, number in sensors.power.items() if number in electric
    }


def _tell_prices(s2_device: S2Device, window: PlanWindow) -> None:
    """Let a device know what a kWh costs: its profiles are placed here, or it is left room where that is cheapest."""
    if window.tariff is None:
        return
    count = (window.end - window.start) // window.resolution
    prices: Timeline[float] = Timeline()
    tariff = window.tariff.on_steps(window.start, window.resolution, count)
    for index, price in enumerate(tariff.consumption):
        if price is not None:
            start = window.start + index * window.resolution
            prices.replace_from(start, [(window.resolution, price)], _PRICES)
    s2_device.async_tell_prices(prices, window.now)


def _with_wishes(
    models: tuple[JsonObject, ...],
    storage: Storage | None,
    state: StorageState | None,
    window: PlanWindow,
) -> tuple[JsonObject, ...]:
    """Return a storage's entries with what people want of it, behind what the device wants itself.

    Where two limits hold at a time, the server keeps the stricter one.
    """
    if storage is None or state is None or not (state.targets or state.minima or state.maxima):
        return models
    wanted = storage.flex_model(
        state, start=window.start, end=window.end, resolution=window.resolution
    )
    lists = {field: wanted[field] for field in _WANTED if field in wanted}
    return tuple(
        {**model, **{field: [*_list(model, field), *_list(lists, field)] for field in lists}}
        if "soc-at-start" in model
        else model
        for model in models
    )


def _list(model: Mapping[str, object], field: str) -> list[JsonValue]:
    values = model.get(field)
    return cast("list[JsonValue]", values) if isinstance(values, list) else []


def _placed(s2_device: S2Device, contribution: Contribution) -> tuple[float | None, ...]:
    """Return W per step of a device that places its own programmes; empty for all others."""
    if not isinstance(s2_device.control, PowerProfileControl):
        return ()
    return _watts(contribution, SeriesKind.CONSUMPTION_FORECAST)


def _watts(contribution: Contribution, kind: SeriesKind) -> tuple[float | None, ...]:
    """Return the values of a series in W per step; empty without it."""
    return tuple(
        None if value is None else value * _WATTS_PER_KILOWATT
        for series in contribution.series
        if series.kind is kind
        for value in series.values
    )


def _curtailed_by(models: Iterable[JsonObject]) -> int | None:
    """Return the sensor of the forecast up to which a device can be curtailed; None for one that cannot."""
    for model in models:
        most = model.get("production-capacity")
        if isinstance(most, dict) and isinstance(sensor := most.get("sensor"), int):
            return sensor
    return None


def _baseline(s2_device: S2Device, *, is_curtailed: bool, models: Iterable[JsonObject]) -> Baseline:
    """Return what a device would do without a plan.

    Nobody knows that of one that only tells its modes, and whether it could have met a demand cheaper depends on gas.
    """
    match s2_device.control:
        case FillRateControl():
            can_produce = any(span.low < 0 for span in s2_device.powers.values())
            return Baseline.IDLE if can_produce else Baseline.MEAN_PRICE
        case PowerProfileControl():
            return Baseline.AT_ONCE
        case PowerEnvelopeControl() if is_curtailed:
            return Baseline.FORECAST
        case PowerEnvelopeControl() if any("soc-at-start" in model for model in models):
            return Baseline.MEAN_PRICE
    return Baseline.UNKNOWN


def _price_at_once(s2_device: S2Device) -> float | None:
    control = s2_device.control
    return control.price_at_once if isinstance(control, PowerProfileControl) else None


def _expectation(
    s2_device: S2Device, contribution: Contribution, window: PlanWindow
) -> ExpectEnergies | None:
    control = s2_device.control
    outlook = control.outlook(window.now) if isinstance(control, FillRateControl) else None
    return partial(expected_energies, outlook, contribution.series) if outlook else None


def _objects(models: Iterable[object]) -> tuple[JsonObject, ...]:
    return tuple(dict(cast("JsonObject", model)) for model in models)


def _context(part: Contribution) -> dict[str, list[JsonValue]]:
    """Return the fields of the flex-context to which a device adds something."""
    fields: dict[str, list[JsonValue]] = {
        "inflexible-consumption": [{"sensor": number} for number in part.inflexible_consumption],
        "inflexible-production": [{"sensor": number} for number in part.inflexible_production],
    }
    return {field: values for field, values in fields.items() if values}


def _problem(reason: str, device: FlexibleDevice) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"device": device.title},
    )
