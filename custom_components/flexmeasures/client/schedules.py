"""Calls about schedules: trigger, wait, fetch."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from .answers import Answer, response_error, shortened
from .budget import Priority
from .compatibility import (
    JOBS_SINCE,
    TREES_SINCE,
    adapted_schedule,
    fallback_schedule,
    is_older,
    schedule_query,
    subtree,
    trigger_body,
)
from .connection import API
from .durations import format_duration
from .errors import InvalidInputError, JobFailedError, NotFoundError
from .inputs import (
    Length,
    Moment,
    checked_id,
    checked_job_id,
    checked_length,
    checked_text,
)
from .jobs import DEFAULT_TIMEOUT, JobCalls, poll
from .models import Asset, Job, JobStatus, ScheduleResult, SensorSchedule, SignConvention
from .parsing import asset, read, sensor, sensor_schedule, triggered_job
from .schedule_request import (
    FlexContexts,
    FlexModels,
    ScheduleRequest,
    needs_tree,
    output_sensors,
    schedule_request,
    single_device_by_sensor,
)
from .shapes import list_of
from .transport import Request


class ScheduleCalls(JobCalls):
    """Schedules, computed by jobs."""

    async def trigger_schedule(
        self,
        asset_id: int | None = None,
        *,
        sensor_id: int | None = None,
        start: Moment,
        duration: Length,
        flex_model: FlexModels | None = None,
        flex_context: FlexContexts | None = None,
        prior: Moment | None = None,
        resolution: Length | None = None,
        force_new_job_creation: bool = False,
    ) -> str:
        """Ask for a schedule and return the identifier of its job.

        The same request within an hour gives the same job, even if measurements changed in the meantime.

        Args:
            asset_id: the site, whose devices are planned together; or else:
            sensor_id: the power sensor of the only device.
            start: with a time zone, and a multiple of the power sensors' resolution: else the server finds no prices.
            duration: longer than zero.
            flex_model: one per device, or a single one; as `StorageFlexModel` or with keys in kebab-case or
                snake_case. What it leaves out, and devices that it leaves out, the server takes from the flex-models
                that it stores.
            flex_context: prices, limits and inflexible devices; as `FlexContext` or with keys as above.
            prior: with a time zone; plan with what was known then.
            resolution: length of the steps within which power stays constant.
            force_new_job_creation: also when the same request was made before.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ValidationError: the server's reasons, with paths into the flex-model.
            RateLimitedError: the account has used up its triggers (10 in 5 minutes by default).
        """
        request = schedule_request(
            sensor_id,
            start=start,
            duration=duration,
            flex_model=flex_model,
            flex_context=flex_context,
            prior=prior,
            resolution=resolution,
            force_new_job_creation=force_new_job_creation,
        )
        site = await self._triggered_asset(asset_id, sensor_id)
        tree = await self._tree(site) if needs_tree(request.models) else ()
        return await self._trigger(site, single_device_by_sensor(request, tree))

    async def get_schedule(
        self,
        sensor_id: int,
        schedule_id: str,
        duration: Length,
        unit: str | None = None,
        *,
        sign: SignConvention = SignConvention.CONSUMPTION_POSITIVE,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> SensorSchedule:
        """Return the schedule of one sensor, as soon as it is there.

        Args:
            sensor_id: a power or state-of-charge sensor that was scheduled.
            schedule_id: what `trigger_schedule` returned.
            duration: at most what was triggered; for more, the server adds values of older schedules.
            unit: to convert to; the sensor's own when None. The result states it.
            sign: which direction of power is positive in the result.
            timeout: how long to wait for a job that has not ended.

        Raises:
            JobFailedError: there will be no such schedule; the text has the server's reason.
            JobTimeoutError: there was none within `timeout`.
            NotFoundError: the server does not know the job (any more).
        """
        checked_id(sensor_id, "sensor_id")
        checked_job_id(schedule_id, "schedule_id")
        longest = checked_length(duration, "duration")
        length = self._connection.triggered.longest(schedule_id, longest)
        query = {
            "duration": format_duration(length),
            "sign-convention": SignConvention(sign).value,
        }
        if unit is not None:
            query["unit"] = checked_text(unit, "unit")
        version = await self._connection.version()
        query = schedule_query(query, version)
        parse = partial(sensor_schedule, sensor_id=sensor_id, schedule_id=schedule_id, sign=sign)
        planned = schedule_id

        async def available() -> SensorSchedule | None:
            nonlocal planned
            answer = await self._schedule_answer(sensor_id, planned, query)
            if answer.status == 303:
                planned = fallback_schedule(answer, self._connection.url)
                return None
            if _is_pending(answer, schedule_id):
                return None
            return adapted_schedule(read(answer, parse), unit, version)

        timing = self._connection.timing
        try:
            return await poll(available, job_id=schedule_id, limit=timeout, timing=timing)
        except JobFailedError as error:
            raise self._connection.triggered.explained(error) from None

    async def _schedule_answer(
        self, sensor_id: int, schedule_id: str, query: Mapping[str, str]
    ) -> Answer:
        request = Request(
            method="GET",
            path=f"{API}/sensors/{sensor_id}/schedules/{schedule_id}",
            query=query,
            readable=frozenset({303, 400}),
            priority=Priority.URGENT,
        )
        return await self._connection.answer(request)

    async def trigger_and_get_schedule(
        self,
        asset_id: int | None = None,
        *,
        sensor_id: int | None = None,
        sensor_ids: Sequence[int] | None = None,
        unit: str | None = None,
        start: Moment,
        duration: Length,
        flex_model: FlexModels | None = None,
        flex_context: FlexContexts | None = None,
        prior: Moment | None = None,
        resolution: Length | None = None,
        force_new_job_creation: bool = False,
        sign: SignConvention = SignConvention.CONSUMPTION_POSITIVE,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> ScheduleResult:
        """Trigger a schedule, wait for it, and fetch it for each of the sensors.

        Further arguments and errors are as for `trigger_schedule`, `wait_for_job` and `get_schedule`.

        Args:
            asset_id: the site, whose devices are planned together; or else:
            sensor_id: the power sensor of the only device.
            sensor_ids: whose schedules to fetch. When None, the power sensors that the flex-model names; for a device
                without, and without a flex-model, those that the flex-models stored on the server name.
            unit: of the result; each sensor's own when None. The result states it.
            start: with a time zone, and a multiple of the power sensors' resolution.
            duration: longer than zero.
            flex_model: one per device, or a single one; None for those that the server stores.
            flex_context: prices, limits and inflexible devices.
            prior: with a time zone; plan with what was known then.
            resolution: length of the steps within which power stays constant.
            force_new_job_creation: also when the same request was made before.
            sign: which direction of power is positive in the result.
            timeout: how long to wait for the job.

        Raises:
            InvalidInputError: also when there is no sensor to fetch a schedule for; nothing was triggered.
        """
        request = schedule_request(
            sensor_id,
            start=start,
            duration=duration,
            flex_model=flex_model,
            flex_context=flex_context,
            prior=prior,
            resolution=resolution,
            force_new_job_creation=force_new_job_creation,
        )
        if unit is not None:
            checked_text(unit, "unit")
        named = None if sensor_ids is None else _checked_sensors(sensor_ids)
        site = await self._triggered_asset(asset_id, sensor_id)
        tree = await self._tree(site) if needs_tree(request.models) else ()
        outputs = named or _output_sensors(site, request, tree)
        job_id = await self._trigger(site, single_device_by_sensor(request, tree))
        job = await self._finished(job_id, timeout)
        schedules = [
            await self.get_schedule(
                output, job_id, request.duration, unit, sign=sign, timeout=timeout
            )
            for output in outputs
        ]
        return ScheduleResult(job=job, schedules=tuple(schedules))

    async def _triggered_asset(self, asset_id: int | None, sensor_id: int | None) -> int:
        """Return the asset to trigger: the given one, or that of the only device."""
        if asset_id is not None:
            if sensor_id is not None:
                raise InvalidInputError("sensor_id", "says the same as asset_id")
            return checked_id(asset_id, "asset_id")
        if sensor_id is None:
            raise InvalidInputError("asset_id", "must be given, or sensor_id instead")
        path = f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}"
        request = Request(method="GET", path=path, priority=Priority.URGENT)
        return (await self._connection.call(request, sensor)).asset_id

    async def _tree(self, site: int) -> tuple[Asset, ...]:
        query = {
            "root": str(site),
            "fields": "id|name|account_id|generic_asset_type|parent_asset_id|flex_model",
        }
        request = Request(method="GET", path=f"{API}/assets", query=query, priority=Priority.URGENT)
        assets = await self._connection.call(request, list_of(asset))
        if is_older(await self._connection.version(), TREES_SINCE):
            # An older server overlooks the root, and lists the whole account.
            return subtree(assets, site)
        return assets

    async def _trigger(self, site: int, request: ScheduleRequest) -> str:
        body = trigger_body(
            request.body, await self._connection.version(), self._connection.timing.wall_clock()
        )
        job_id = await self._connection.call(
            Request(
                method="POST",
                path=f"{API}/assets/{site}/schedules/trigger",
                body=body,
                repeatable=False,
                priority=Priority.URGENT,
                is_trigger=True,
            ),
            triggered_job,
        )
        self._connection.triggered.remember(job_id, request.start, request.duration)
        return job_id

    async def _finished(self, job_id: str, timeout: timedelta) -> Job:
        """Wait for the job; where it cannot be asked about, fetching the schedule waits instead."""
        if is_older(await self._connection.version(), JOBS_SINCE):
            return Job(id=job_id, status=JobStatus.FINISHED)
        return await self.wait_for_job(job_id, timeout=timeout)


def _checked_sensors(sensor_ids: Sequence[int]) -> tuple[int, ...]:
    if not sensor_ids:
        raise InvalidInputError("sensor_ids", "must name at least one sensor")
    return tuple(checked_id(sensor_id, "sensor_ids") for sensor_id in sensor_ids)


def _output_sensors(site: int, request: ScheduleRequest, tree: Sequence[Asset]) -> tuple[int, ...]:
    if found := output_sensors(request.models, tree):
        return found
    reason = (
        "names no sensor; neither does what the server stores"
        if request.models
        else f"must be given: asset {site} and those below it store none that names a sensor"
    )
    raise InvalidInputError("flex_model", reason)


def _is_pending(answer: Answer, schedule_id: str) -> bool:
    """Tell whether the job has yet to end; raise when it ended without a schedule.

    202 means pending even when it says FINISHED: the server looked twice while the job ended. Servers before 1.0
    answer 400 for jobs that wait and for jobs that failed, and only the sentence tells which.
    """
    if answer.status == 202:
        return True
    if answer.status != 400:
        return False
    body = answer.data if isinstance(answer.data, dict) else {}
    message = shortened(str(body.get("message") or ""))
    match body.get("status"):
        case "UNKNOWN_SCHEDULE":
            sentence = message.lower()
            if "failed" not in sentence and ("waiting" in sentence or "in progress" in sentence):
                return True
            raise JobFailedError(message, job_id=schedule_id)
        case "UNRECOGNIZED_UDI_EVENT":
            raise NotFoundError(message, status=answer.status, request=answer.request)
    raise response_error(answer)
