"""Calls about forecasts: trigger, wait, fetch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from .answers import Answer, response_error, shortened
from .budget import Priority
from .compatibility import JOBS_SINCE, is_older
from .errors import InvalidInputError, JobFailedError, NotFoundError
from .flex_data import FlexValue, flex_object
from .inputs import (
    Length,
    Moment,
    checked_duration,
    checked_job_id,
    checked_moment,
    checked_window,
)
from .jobs import DEFAULT_TIMEOUT, JobCalls, poll
from .models import JsonObject, SensorForecast
from .parsing import forecast, forecast_parts, read, sensor, triggered_job
from .sensors import sensor_path
from .transport import Request

FORECASTS_SINCE: Final = "0.31.0"

type Regressors = Sequence[int | Mapping[str, FlexValue]]


class ForecastCalls(JobCalls):
    """Forecasts, computed by jobs from what a sensor has recorded."""

    async def trigger_forecast(
        self,
        sensor_id: int,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        duration: Length | None = None,
        prior: Moment | None = None,
        forecast_frequency: Length | None = None,
        max_forecast_horizon: Length | None = None,
        probabilistic: bool | None = None,
        train_start: Moment | None = None,
        train_period: Length | None = None,
        retrain_frequency: Length | None = None,
        regressors: Regressors | None = None,
        past_regressors: Regressors | None = None,
        future_regressors: Regressors | None = None,
        config: Mapping[str, FlexValue] | None = None,
    ) -> str:
        """Ask for a forecast and return the identifier of its job.

        A sensor without a history is forecast as zero, without an error.

        Args:
            sensor_id: what to forecast; the forecast is recorded on the same sensor.
            start: with a time zone; now when None.
            end: with a time zone; or else:
            duration: how far to look ahead; the server's planning horizon when None.
            prior: with a time zone; forecast with what was known then.
            forecast_frequency: how often to forecast within the span of time, each time with what was known then.
            max_forecast_horizon: how far each of these looks ahead.
            probabilistic: more than the most likely values.
            train_start: with a time zone; learn from what was recorded since.
            train_period: how much of the history to learn from.
            retrain_frequency: how often to learn anew within the span of time.
            regressors: sensors whose values and forecasts help, by identifier or as the server describes them.
            past_regressors: sensors of which only values help.
            future_regressors: sensors of which only forecasts help.
            config: what the server knows besides, such as ``{"ensure_positive": True, "upper": "20 kW"}``.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ServerTooOldError: the server is older than 0.31.0.
            RateLimitedError: the account has used up its triggers (10 in 5 minutes by default).
        """
        path = f"{sensor_path(sensor_id)}/forecasts/trigger"
        body = _span(start, end, duration)
        _add_moments(body, {"prior": prior})
        _add_lengths(
            body,
            {
                "forecast-frequency": forecast_frequency,
                "max-forecast-horizon": max_forecast_horizon,
            },
        )
        if probabilistic is not None:
            body["probabilistic"] = bool(probabilistic)
        settings: dict[str, object] = dict(flex_object(config or {}, "config"))
        _add_moments(settings, {"train-start": train_start})
        _add_lengths(
            settings, {"train-period": train_period, "retrain-frequency": retrain_frequency}
        )
        settings |= flex_object(
            {
                "regressors": regressors or (),
                "past-regressors": past_regressors or (),
                "future-regressors": future_regressors or (),
            },
            "config",
        )
        if settings:
            body["config"] = settings
        await self._connection.require(FORECASTS_SINCE, "trigger_forecast")
        request = Request(
            method="POST",
            path=path,
            body=body,
            repeatable=False,
            priority=Priority.URGENT,
            is_trigger=True,
        )
        return await self._connection.call(request, triggered_job)

    async def get_forecast(
        self, sensor_id: int, forecast_id: str, *, timeout: timedelta = DEFAULT_TIMEOUT
    ) -> SensorForecast:
        """Return a forecast as soon as it is there, in the sensor's own unit and sign.

        One that was computed in several periods is put together; where they overlap, the later period counts.

        Args:
            sensor_id: the sensor that was forecast.
            forecast_id: what `trigger_forecast` returned.
            timeout: how long to wait for a job that has not ended.

        Raises:
            JobFailedError: there will be no such forecast; the text has the server's reason.
            JobTimeoutError: there was none within `timeout`.
            NotFoundError: the server does not know the job (any more).
            ServerTooOldError: the server is older than 0.31.0.
        """
        path = sensor_path(sensor_id)
        checked_job_id(forecast_id, "forecast_id")
        await self._connection.require(FORECASTS_SINCE, "get_forecast")
        target = await self._connection.call(Request(method="GET", path=path), sensor)
        answer = await self._available_forecast(sensor_id, forecast_id, timeout)
        parts = read(answer, forecast_parts)
        if not parts:
            return read(answer, partial(forecast, sensor=target, forecast_id=forecast_id))
        forecasts = [
            read(
                await self._available_forecast(sensor_id, part, timeout),
                partial(forecast, sensor=target, forecast_id=forecast_id),
            )
            for part in parts
        ]
        return _joined(forecasts)

    async def trigger_and_get_forecast(
        self,
        sensor_id: int,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        duration: Length | None = None,
        prior: Moment | None = None,
        forecast_frequency: Length | None = None,
        max_forecast_horizon: Length | None = None,
        probabilistic: bool | None = None,
        train_start: Moment | None = None,
        train_period: Length | None = None,
        retrain_frequency: Length | None = None,
        regressors: Regressors | None = None,
        past_regressors: Regressors | None = None,
        future_regressors: Regressors | None = None,
        config: Mapping[str, FlexValue] | None = None,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> SensorForecast:
        """Trigger a forecast, wait for it, and fetch it.

        Arguments and errors as for `trigger_forecast`, `wait_for_job` and `get_forecast`.
        """
        job_id = await self.trigger_forecast(
            sensor_id,
            start=start,
            end=end,
            duration=duration,
            prior=prior,
            forecast_frequency=forecast_frequency,
            max_forecast_horizon=max_forecast_horizon,
            probabilistic=probabilistic,
            train_start=train_start,
            train_period=train_period,
            retrain_frequency=retrain_frequency,
            regressors=regressors,
            past_regressors=past_regressors,
            future_regressors=future_regressors,
            config=config,
        )
        if not is_older(await self._connection.version(), JOBS_SINCE):
            await self.wait_for_job(job_id, timeout=timeout)
        return await self.get_forecast(sensor_id, job_id, timeout=timeout)

    async def _available_forecast(
        self, sensor_id: int, forecast_id: str, timeout: timedelta
    ) -> Answer:
        path = f"{sensor_path(sensor_id)}/forecasts/{checked_job_id(forecast_id, 'forecast_id')}"
        request = Request(
            method="GET", path=path, readable=frozenset({400, 422}), priority=Priority.URGENT
        )

        async def available() -> Answer | None:
            answer = await self._connection.answer(request)
            if answer.status >= 400:
                raise _failure(answer, forecast_id)
            return answer if answer.status == 200 else None

        timing = self._connection.timing
        return await poll(available, job_id=forecast_id, limit=timeout, timing=timing)


def _span(start: Moment | None, end: Moment | None, duration: Length | None) -> dict[str, object]:
    if end is not None and duration is not None:
        raise InvalidInputError("duration", "says the same as end")
    if start is not None and end is not None:
        checked_window(start, end, ("start", "end"))
    body: dict[str, object] = {}
    _add_moments(body, {"start": start, "end": end})
    _add_lengths(body, {"duration": duration})
    return body


def _add_moments(body: dict[str, object], moments: Mapping[str, Moment | None]) -> None:
    for name, moment in moments.items():
        if moment is not None:
            body[name] = checked_moment(moment, name.replace("-", "_"))


def _add_lengths(body: dict[str, object], lengths: Mapping[str, Length | None]) -> None:
    for name, length in lengths.items():
        if length is not None:
            body[name] = checked_duration(length, name.replace("-", "_"))


def _failure(answer: Answer, forecast_id: str) -> Exception:
    """Tell a job that failed from one that does not exist, and both from a request that was refused."""
    body: JsonObject = answer.data if isinstance(answer.data, dict) else {}
    message = shortened(str(body.get("message") or ""))
    if body.get("status") in {"FAILED", "STOPPED", "CANCELED", "UNKNOWN_FORECAST"}:
        return JobFailedError(message, job_id=forecast_id)
    error = response_error(answer)
    if "not found" in str(error):
        return NotFoundError(str(error), status=answer.status, request=answer.request)
    return error


def _joined(forecasts: Sequence[SensorForecast]) -> SensorForecast:
    """Put periods of one sensor together on its grid; the later one counts where they overlap."""
    first = min(forecasts, key=lambda part: part.start)
    step = first.resolution
    found: dict[int, float | None] = {}
    for part in sorted(forecasts, key=lambda part: part.start):
        offset = (part.start - first.start) // step
        found |= {offset + index: value for index, value in enumerate(part.values)}
    values = tuple(found.get(index) for index in range(max(found, default=-1) + 1))
    return replace(first, values=values)
