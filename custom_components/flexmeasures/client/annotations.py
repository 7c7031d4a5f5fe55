"""Calls about annotations."""

from typing import Final

from .compatibility import KEBAB_CASE_SINCE
from .connection import API, Calls
from .errors import InvalidInputError
from .inputs import (
    Moment,
    checked_choice,
    checked_id,
    checked_moment,
    checked_text,
    checked_window,
)
from .record_parsing import annotation, chart_annotations
from .records import Annotation, AnnotationType
from .transport import Request

ANNOTATIONS_SINCE: Final = "0.32.0"
READ_ANNOTATIONS_SINCE: Final = KEBAB_CASE_SINCE
# The server's own limit.
_LONGEST_CONTENT: Final = 1024


class AnnotationCalls(Calls):
    """Notes for people about spans of time."""

    async def add_annotation(
        self,
        *,
        content: str,
        start: Moment,
        end: Moment,
        type: str = AnnotationType.LABEL,
        prior: Moment | None = None,
        asset_id: int | None = None,
        sensor_id: int | None = None,
        account_id: int | None = None,
    ) -> Annotation:
        """Add a note to an asset, a sensor or an account; the same one again changes nothing.

        Args:
            content: at most 1024 characters.
            start: with a time zone.
            end: with a time zone, and later.
            type: what it is for, as in `AnnotationType`.
            prior: with a time zone; when it was known, if that matters.
            asset_id: one of these three says what the note is about.
            sensor_id: see there.
            account_id: see there.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ServerTooOldError: the server is older than 0.32.0.
        """
        path = f"{API}/{_subject(asset_id, sensor_id, account_id)}/annotations"
        begin, finish = checked_window(start, end, ("start", "end"))
        body: dict[str, object] = {
            "content": checked_text(content, "content"),
            "start": begin,
            "end": finish,
            "type": checked_choice(type, tuple(AnnotationType), "type"),
        }
        if len(content) > _LONGEST_CONTENT:
            raise InvalidInputError(
                "content", f"must not be longer than {_LONGEST_CONTENT} characters"
            )
        if prior is not None:
            body["prior"] = checked_moment(prior, "prior")
        await self._connection.require(ANNOTATIONS_SINCE, "add_annotation")
        return await self._connection.call(Request(method="POST", path=path, body=body), annotation)

    async def get_annotations(
        self, asset_id: int, *, start: Moment, end: Moment
    ) -> tuple[Annotation, ...]:
        """Return the notes to an asset and to its account that touch a span of time, cut to it.

        The server prepares them for a chart: those that cover the same time, once cut, come as one.

        Args:
            asset_id: the asset.
            start: with a time zone.
            end: with a time zone, and later.

        Raises:
            ServerTooOldError: the server is older than 1.0.0.
        """
        begin, finish = checked_window(start, end, ("start", "end"))
        path = f"{API}/assets/{checked_id(asset_id, 'asset_id')}/chart_annotations"
        await self._connection.require(READ_ANNOTATIONS_SINCE, "get_annotations")
        query = {"start": begin, "end": finish}
        request = Request(method="GET", path=path, query=query, mislabelled=True)
        return await self._connection.call(request, chart_annotations)


def _subject(asset_id: int | None, sensor_id: int | None, account_id: int | None) -> str:
    given = [
        (kind, identifier, field)
        for kind, identifier, field in (
            ("assets", asset_id, "asset_id"),
            ("sensors", sensor_id, "sensor_id"),
            ("accounts", account_id, "account_id"),
        )
        if identifier is not None
    ]
    if len(given) != 1:
        raise InvalidInputError("asset_id", "or sensor_id, or account_id must be given")
    [(kind, identifier, field)] = given
    return f"{kind}/{checked_id(identifier, field)}"
