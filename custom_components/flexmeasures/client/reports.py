"""Calls about reports: what the server computes from sensors onto sensors."""

from typing import Final

from .budget import Priority
from .connection import API, Calls
from .inputs import checked_id, checked_json_object, checked_text
from .models import JsonObject
from .parsing import triggered_job
from .transport import Request

REPORTS_SINCE: Final = "1.1.0"


class ReportCalls(Calls):
    """Reports, computed by jobs."""

    async def trigger_report(
        self,
        asset_id: int,
        *,
        reporter: str,
        parameters: JsonObject,
        config: JsonObject | None = None,
    ) -> str:
        """Ask for a report and return the identifier of its job, for `wait_for_job`.

        Args:
            asset_id: the asset that the report is about.
            reporter: name of the server's reporter, such as ``PandasReporter``.
            parameters: what to report on, in the reporter's field names: ``input``, ``output``, ``start``, ``end`` …
            config: how to, in the reporter's field names.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ServerTooOldError: the server is older than 1.1.0.
        """
        path = f"{API}/assets/{checked_id(asset_id, 'asset_id')}/reports/trigger"
        body: dict[str, object] = {
            "reporter": checked_text(reporter, "reporter"),
            "parameters": checked_json_object(parameters, "parameters"),
        }
        if config:
            body["config"] = checked_json_object(config, "config")
        await self._connection.require(REPORTS_SINCE, "trigger_report")
        request = Request(
            method="POST",
            path=path,
            body=body,
            repeatable=False,
            priority=Priority.URGENT,
            is_trigger=True,
        )
        return await self._connection.call(request, triggered_job)
