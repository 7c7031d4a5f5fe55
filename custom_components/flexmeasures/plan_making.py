"""One request for new plans from reading the home to the server's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    JsonObject,
    ScheduleResult,
    ValidationError,
)
from .const import DOMAIN
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_changes import PlanBasis
from .plan_findings import told_finding
from .plan_foresight import async_with_foresight, reads_sensors
from .plan_inputs import DeviceInputs, InputReader, NotPlanned
from .plan_keeper import PlanKeeper
from .plan_leeway import async_read_connection
from .plan_models import PlanStatus
from .plan_prices import async_read_tariff, is_priced, reads_more_than_prices
from .plan_request import DeviceRequest, PlanWindow, request_for
from .plan_settings import PlanSettings
from .process_runs import ProcessRuns
from .s2_request import joined_context
from .scheduling import JSON, Severity, SiteConnection
from .wishes import SiteWishes

if TYPE_CHECKING:
    from .s2_planning import S2Planning

# The server stores a post within a second or so; after this the plan is asked for without the newest measurements.
_WAIT_FOR_MEASUREMENTS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class SiteReading:
    """How the devices of the site are.

    Attributes:
        inputs: of those that can be planned, by device id.
        left_out: why the others cannot, by device id.
    """

    now: datetime
    inputs: Mapping[str, DeviceInputs]
    left_out: Mapping[str, NotPlanned]


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """What is asked of the server for all devices at once.

    Attributes:
        requests: by device id; empty when nothing is left to ask for.
        left_out: for which devices a plan would be wrong, and why.
        connection: the site's limits and what is foreseen beside the plan; None where that is not known.
    """

    requests: Mapping[str, DeviceRequest]
    left_out: Mapping[str, NotPlanned]
    basis: PlanBasis
    connection: SiteConnection | None = None

    @property
    def window(self) -> PlanWindow:
        """Return the time that is planned."""
        return self.basis.window


class PlanMaker:
    """Reads the home, says what to ask for, and asks.

    Each step can be taken without the next, since most often there is nothing new to ask for.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        keeper: PlanKeeper,
        runs: ProcessRuns,
        wishes: SiteWishes,
        s2: S2Planning | None,
    ) -> None:
        """Prepare making plans with the entry's options."""
        self._s2 = s2
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._keeper = keeper
        self._runs = runs
        self._wishes = wishes
        self._last_energies: dict[str, float] = {}
        self.settings = PlanSettings.of(entry.options)

    async def async_read(self, devices: tuple[FlexibleDevice, ...]) -> SiteReading:
        """Return how the devices are now."""
        now = dt_util.utcnow()
        reader = InputReader(
            self._hass, self._inventory.data.sensors, now, dt_util.get_default_time_zone(), self._s2
        )
        inputs: dict[str, DeviceInputs] = {}
        left_out: dict[str, NotPlanned] = {}
        for device in devices:
            device_id = device.subentry_id
            read = await reader.async_read(
                device,
                self._wishes.of(device_id),
                self._runs.of(device_id),
                until=now + self.settings.horizon,
            )
            if isinstance(read, NotPlanned):
                left_out[device_id] = read
            else:
                inputs[device_id] = read
        return SiteReading(now, inputs, left_out)

    async def async_prepare(self, reading: SiteReading) -> SiteRequest:
        """Return what to ask for.

        Raises:
            HomeAssistantError: the site has no price now; the server would take the trigger, and its job would fail.
            FlexMeasuresError: the prices could not be read.
        """
        inputs = reading.inputs
        context = self.settings.context
        if not is_priced(self._inventory.data.site.flex_context, context):
            # Somebody may have stored one on the server since the site was read.
            await self._inventory.async_refresh()
        window = PlanWindow.before_prices(inputs, self.settings, reading.now)
        tariff = await async_read_tariff(
            self._client, self._inventory.data, context, start=window.start, end=window.end
        )
        window = window.priced(tariff, inputs)
        for finding in window.findings:
            if finding.severity is Severity.BLOCKING:
                raise told_finding(finding)
        requests: dict[str, DeviceRequest] = {}
        left_out: dict[str, NotPlanned] = {}
        for device_id, each in inputs.items():
            request = self._request_for(device_id, each, window)
            if isinstance(request, NotPlanned):
                left_out[device_id] = request
            else:
                requests[device_id] = await async_with_foresight(self._client, request, window)
        connection = await async_read_connection(
            self._client, self._inventory.data, context, window
        )
        return SiteRequest(requests, left_out, self._basis(requests, window), connection)

    def _request_for(
        self, device_id: str, inputs: DeviceInputs, window: PlanWindow
    ) -> DeviceRequest | NotPlanned:
        request = request_for(inputs, window, self._last_energy(device_id, window.now))
        if isinstance(request, DeviceRequest) and inputs.stored is not None:
            self._last_energies[device_id] = inputs.stored.energy
        return request

    def _last_energy(self, device_id: str, now: datetime) -> float | None:
        """Return the least that is likely to be stored: what was read last, or less where a plan emptied the device."""
        last = self._last_energies.get(device_id)
        plan = self._keeper.plan(device_id)
        expected = plan.expected_energy(now) if plan else None
        return last if last is None or expected is None else min(last, expected)

    def _basis(self, requests: Mapping[str, DeviceRequest], window: PlanWindow) -> PlanBasis:
        stored, context = self._inventory.data.site.flex_context, self.settings.context
        return PlanBasis(
            inputs={device_id: each.inputs for device_id, each in requests.items()},
            described={device_id: each.s2 for device_id, each in requests.items() if each.s2},
            context=(stored, context.flex_context()),
            window=window,
            reads_more=reads_more_than_prices(stored, context)
            or any(
                reads_sensors(each.inputs) or (each.s2 is not None and each.s2.reads_more)
                for each in requests.values()
            ),
        )

    async def async_ask(self, request: SiteRequest) -> ScheduleResult | None:
        """Return the server's answer to one trigger for all devices, once own measurements are stored.

        None means that there is nothing to ask for: what there is cannot be controlled, or is placed here.

        Raises:
            FlexMeasuresError: there is none.
        """
        delivery = self._entry.runtime_data.delivery
        if delivery is not None:
            await delivery.async_ingested(until=dt_util.utcnow(), within=_WAIT_FOR_MEASUREMENTS)
        window, added = request.window, [each.s2 for each in request.requests.values() if each.s2]
        if self._s2 is not None:
            await self._s2.async_store(added)
        sensors = [sensor for each in request.requests.values() for sensor in each.sensors]
        if not sensors:
            return None
        stored = self._inventory.data.site.flex_context
        with self._client.urgent():
            return await self._client.trigger_and_get_schedule(
                self._inventory.site_id,
                sensor_ids=[sensor.id for sensor in sensors],
                unit=UnitOfPower.WATT,
                start=window.start,
                duration=window.end - window.start,
                flex_model=[
                    _as_object(model)
                    for each in request.requests.values()
                    for model in each.flex_models
                ],
                flex_context=joined_context(added, self._flex_context(), stored),
                resolution=self.settings.resolution,
                force_new_job_creation=True,
            )

    def _flex_context(self) -> JsonObject | None:
        """Return what the options say; None leaves all to what the site stores on the server.

        Limits that cannot be kept are to cost, not to end without a plan; servers before 1.0 have to be told so.
        """
        chosen = self.settings.context
        if not chosen.flex_context():
            return None
        if chosen.relax_constraints is None:
            chosen = replace(chosen, relax_constraints=True)
        return _as_object(chosen.flex_context())


def without_refused(request: SiteRequest, error: ValidationError) -> SiteRequest | None:
    """Return the request without the devices whose flex-models the server's refusal is about.

    Returns:
        None when it is about none, or nothing else would be left to ask for.
    """
    reasons = _named(error) or _suspected(request, error)
    owners = [device_id for device_id, each in request.requests.items() for _ in each.flex_models]
    refused = {
        owners[index]: NotPlanned(
            PlanStatus.SETTINGS_WRONG,
            _refused(request.requests[owners[index]].inputs, reasons[index]),
        )
        for index in sorted(reasons, reverse=True)
        if index < len(owners)
    }
    return _without(request, refused)


def without_s2_devices(request: SiteRequest, error: FlexMeasuresError) -> SiteRequest | None:
    """Return the request without S2 devices, which may ask for what this server does not know.

    Returns:
        None when there are none, or nothing else would be left to ask for.
    """
    refused = {
        device_id: NotPlanned(PlanStatus.FAILED, _refused(each.inputs, str(error)))
        for device_id, each in request.requests.items()
        if each.s2 is not None
    }
    return _without(request, refused)


def _without(request: SiteRequest, refused: Mapping[str, NotPlanned]) -> SiteRequest | None:
    rest = {key: each for key, each in request.requests.items() if key not in refused}
    if not refused or not rest:
        return None
    basis = replace(
        request.basis,
        inputs={device_id: each.inputs for device_id, each in rest.items()},
        described={device_id: each.s2 for device_id, each in rest.items() if each.s2},
    )
    return SiteRequest(rest, refused, basis, request.connection)


def _named(error: ValidationError) -> Mapping[int, str]:
    """Return why flex-models are refused, by the positions that the refusal names."""
    return {
        int(field.path[2]): field.text
        for field in error.fields
        if field.path[1:2] == ("flex-model",) and field.path[2:3] and field.path[2].isdecimal()
    }


def _suspected(request: SiteRequest, error: ValidationError) -> Mapping[int, str]:
    """Return the same where the refusal tells fields and not of which device: only what a person wrote can be wrong."""
    texts = {field.path[1]: field.text for field in error.fields if len(field.path) > 1}
    entries = [
        (each.inputs.device.kind, model)
        for each in request.requests.values()
        for model in each.flex_models
    ]
    return {
        index: "; ".join(f"{name}: {texts[name]}" for name in sorted(wrong))
        for index, (kind, model) in enumerate(entries)
        if kind is DeviceKind.GENERIC and (wrong := texts.keys() & model.keys())
    }


def _refused(inputs: DeviceInputs, reason: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="device_refused",
        translation_placeholders={"device": inputs.device.title, "reason": reason},
    )


def _as_object(content: Mapping[str, JSON]) -> JsonObject:
    return cast("JsonObject", dict(content))
