"""Calls about schedules: trigger, wait, fetch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from .answers import Answer, response_error, shortened
from .connection import API
from .durations import format_duration
from .errors import InvalidInputError, JobFailedError, NotFoundError
from .flex_data import FlexObject, flex_context_body, flex_model_body
from .inputs import checked_id, checked_job_id, checked_length, checked_moment, checked_text
from .jobs import DEFAULT_TIMEOUT, JobCalls, poll
from .models import ScheduleResult, SensorSchedule, SignConvention
from .parsing import read, sensor_schedule, triggered_job
from .transport import Request


class ScheduleCalls(JobCalls):
    """Schedules, computed by jobs."""

    async def trigger_schedule(
        self,
        asset_id: int,
        *,
        start: datetime,
        duration: timedelta,
        flex_model: Sequence[FlexObject] | FlexObject | None = None,
        flex_context: FlexObject | Sequence[FlexObject] | None = None,
        prior: datetime | None = None,
        resolution: timedelta | None = None,
        force_new_job_creation: bool = False,
    ) -> str:
        """Ask for a schedule and return the identifier of its job.

        The same request within an hour gives the same job, even if measurements changed in the meantime.

        Args:
            asset_id: the site.
            start: aware, and a multiple of the power sensors' resolution: else the server finds no prices.
            duration: longer than zero.
            flex_model: one per device, or a single one; keys in kebab-case or snake_case.
            flex_context: prices, limits and inflexible devices.
            prior: aware; plan with what was known then.
            resolution: length of the steps within which power stays constant.
            force_new_job_creation: also when the same request was made before.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ValidationError: the server's reasons, with paths into the flex-model.
            RateLimitedError: the account has used up its triggers (10 in 5 minutes by default).
        """
        path = f"{API}/assets/{checked_id(asset_id, 'asset_id')}/schedules/trigger"
        body: dict[str, object] = {
            "start": checked_moment(start, "start"),
            "duration": format_duration(checked_length(duration, "duration")),
        }
        if flex_model and (models := flex_model_body(flex_model)):
            body["flex-model"] = models
        if flex_context:
            body["flex-context"] = flex_context_body(flex_context)
        if prior is not None:
            body["prior"] = checked_moment(prior, "prior")
        if resolution is not None:
            body["resolution"] = format_duration(checked_length(resolution, "resolution"))
        if force_new_job_creation:
            body["force-new-job-creation"] = True
        request = Request(method="POST", path=path, body=body, repeatable=False)
        return await self._connection.call(request, triggered_job)

    async def get_schedule(
        self,
        sensor_id: int,
        schedule_id: str,
        *,
        duration: timedelta,
        unit: str,
        sign: SignConvention = SignConvention.CONSUMPTION_POSITIVE,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> SensorSchedule:
        """Return the schedule of one sensor, as soon as it is there.

        Args:
            sensor_id: a power or state-of-charge sensor that was scheduled.
            schedule_id: what `trigger_schedule` returned.
            duration: exactly what was triggered; for more, the server adds values of older schedules.
            unit: to convert to.
            sign: which direction of power is positive in the result.
            timeout: how long to wait for a job that has not ended.

        Raises:
            JobFailedError: there will be no such schedule; the text has the server's reason.
            JobTimeoutError: there was none within `timeout`.
            NotFoundError: the server does not know the job (any more).
        """
        path = (
            f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}"
            f"/schedules/{checked_job_id(schedule_id, 'schedule_id')}"
        )
        query = {
            "duration": format_duration(checked_length(duration, "duration")),
            "unit": checked_text(unit, "unit"),
            "sign-convention": SignConvention(sign).value,
        }
        request = Request(method="GET", path=path, query=query, readable=frozenset({400}))
        parse = partial(sensor_schedule, sensor_id=sensor_id, schedule_id=schedule_id, sign=sign)

        async def available() -> SensorSchedule | None:
            answer = await self._connection.answer(request)
            return None if _is_pending(answer, schedule_id) else read(answer, parse)

        timing = self._connection.timing
        return await poll(available, job_id=schedule_id, limit=timeout, timing=timing)

    async def trigger_and_get_schedule(
        self,
        asset_id: int,
        *,
        sensor_ids: Sequence[int],
        unit: str,
        start: datetime,
        duration: timedelta,
        flex_model: Sequence[FlexObject] | FlexObject | None = None,
        flex_context: FlexObject | Sequence[FlexObject] | None = None,
        prior: datetime | None = None,
        resolution: timedelta | None = None,
        force_new_job_creation: bool = False,
        sign: SignConvention = SignConvention.CONSUMPTION_POSITIVE,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> ScheduleResult:
        """Trigger a schedule, wait for it, and fetch it for each of the sensors.

        Arguments and errors as in `trigger_schedule`, `wait_for_job` and `get_schedule`.
        """
        if not sensor_ids:
            raise InvalidInputError("sensor_ids", "must name at least one sensor")
        for sensor_id in sensor_ids:
            checked_id(sensor_id, "sensor_ids")
        checked_text(unit, "unit")
        job_id = await self.trigger_schedule(
            asset_id,
            start=start,
            duration=duration,
            flex_model=flex_model,
            flex_context=flex_context,
            prior=prior,
            resolution=resolution,
            force_new_job_creation=force_new_job_creation,
        )
        job = await self.wait_for_job(job_id, timeout=timeout)
        schedules = [
            await self.get_schedule(
                sensor_id, job_id, duration=duration, unit=unit, sign=sign, timeout=timeout
            )
            for sensor_id in sensor_ids
        ]
        return ScheduleResult(job=job, schedules=tuple(schedules))


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
