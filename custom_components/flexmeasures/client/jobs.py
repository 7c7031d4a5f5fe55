"""Calls about jobs: what the server does after it has answered."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from .answers import response_error
from .budget import Priority
from .compatibility import JOBS_SINCE
from .connection import API, Calls
from .errors import (
    CertificateError,
    ClosedError,
    ConnectionFailedError,
    JobFailedError,
    JobTimeoutError,
    RateLimitedError,
    ServerError,
)
from .inputs import checked_job_id
from .models import Job, JobStatus
from .parsing import is_job, job, read
from .retries import Timing
from .transport import Request

# The server ends a job after 180 s; the rest is for its queue and for the way.
DEFAULT_TIMEOUT: Final = timedelta(seconds=200)
# A small schedule takes 0.8 s; asking more often costs the server more than it tells us.
_FIRST_PAUSE: Final = 0.3  # s
_LONGEST_PAUSE: Final = 3.0  # s
_PAUSE_GROWTH: Final = 1.5


class JobCalls(Calls):
    """Jobs: ingestion, schedules, forecasts."""

    async def get_job(self, job_id: str) -> Job:
        """Return the state of a job; a failed job is returned, not raised.

        Raises:
            NotFoundError: the server does not know the job (any more).
            ServerTooOldError: servers before 0.33 tell about a schedule only (`get_schedule` waits for it), and store
                data before they answer.
        """
        path = f"{API}/jobs/{checked_job_id(job_id, 'job_id')}"
        await self._connection.require(JOBS_SINCE, "get_job")
        request = Request(
            method="GET", path=path, readable=frozenset({422}), priority=Priority.URGENT
        )
        answer = await self._connection.answer(request)
        if answer.status == 422 and not is_job(answer.data):
            raise response_error(answer)
        return read(answer, partial(job, job_id=job_id))

    async def wait_for_job(
        self,
        job_id: str,
        *,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> Job:
        """Ask again and again, ever more slowly, until the job has finished; return it.

        A server that fails or cannot be reached for a moment does not end the wait.

        Raises:
            JobFailedError: the job failed, or was stopped.
            JobTimeoutError: it did not end within `timeout`.
            ServerTooOldError: as for `get_job`.
        """

        async def finished() -> Job | None:
            found = await self.get_job(job_id)
            if found.status.has_ended and found.status is not JobStatus.FINISHED:
                details = {"exc-info": found.failure} if found.failure else None
                message = found.message or f"the job ended as {found.status}"
                error = JobFailedError(message, job_id=job_id, details=details)
                raise self._connection.triggered.explained(error)
            return found if found.status.has_ended else None

        return await poll(finished, job_id=job_id, limit=timeout, timing=self._connection.timing)


async def poll[T](
    ask: Callable[[], Awaitable[T | None]], *, job_id: str, limit: timedelta, timing: Timing
) -> T:
    """Call `ask` until it returns something, through failures that may pass.

    Raises:
        JobTimeoutError: the time was up, which is looked at between two calls of `ask`.
    """
    began = timing.clock()
    pause = _FIRST_PAUSE
    while True:
        wish = 0.0
        try:
            if (result := await ask()) is not None:
                return result
        except CertificateError, ClosedError:
            raise
        except ConnectionFailedError, ServerError:
            pass
        except RateLimitedError as error:
            wish = error.retry_after or 0.0
        waited = timing.clock() - began
        left = limit.total_seconds() - waited
        if left <= 0:
            raise JobTimeoutError(job_id, waited)
        await timing.sleep(min(max(pause, wish), left))
        pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE)
