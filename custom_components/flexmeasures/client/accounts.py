"""Calls about the server itself, the signed-in user and accounts."""

from .compatibility import JOBS_SINCE, MINIMUM_SERVER_VERSION, is_older
from .connection import API, Calls
from .errors import ServerTooOldError, UnexpectedResponseError
from .inputs import checked_id
from .models import Account, Health, ServerVersions, User
from .parsing import account, health, read, server_versions
from .record_parsing import sources
from .records import DataSource
from .transport import Request
from .users import signed_in_user

# What other web services answer to an address that they do not know, or to strangers.
_REFUSALS = frozenset({400, 401, 403, 404, 405, 410, 422})


class AccountCalls(Calls):
    """The server, the user, the account."""

    async def get_versions(self) -> ServerVersions:
        """Ask the public discovery endpoint.

        Raises:
            UnexpectedResponseError: whatever answers there, it is not FlexMeasures.
        """
        request = Request(method="GET", path="/api/", readable=_REFUSALS)
        answer = await self._connection.public_answer(request)
        if answer.status in _REFUSALS:
            raise UnexpectedResponseError(
                "there is no FlexMeasures server at this address",
                status=answer.status,
                request=answer.request,
            )
        return read(answer, server_versions)

    async def ensure_supported(self) -> ServerVersions:
        """Return the versions when we can work with them.

        Raises:
            ServerTooOldError: the server is older than `MINIMUM_SERVER_VERSION`.
        """
        versions = await self.get_versions()
        if versions.server is None or is_older(versions.server, MINIMUM_SERVER_VERSION):
            raise ServerTooOldError(version=versions.server, minimum=MINIMUM_SERVER_VERSION)
        return versions

    async def get_health(self) -> Health:
        """Ask whether the server is ready; a server that says it is not ready is no error."""
        path = f"{API}/health/ready"
        request = Request(method="GET", path=path, readable=frozenset({503}))
        return read(await self._connection.public_answer(request), health)

    async def get_user(self) -> User:
        """Return the signed-in user."""
        return await signed_in_user(self._connection)

    async def get_account(self, account_id: int | None = None) -> Account:
        """Return an account: the signed-in user's own, unless another one is named."""
        if account_id is None:
            account_id = (await self.get_user()).account_id
        path = f"{API}/accounts/{checked_id(account_id, 'account_id')}"
        return await self._connection.call(Request(method="GET", path=path), account)

    async def get_sources(self, *, only_latest: bool = True) -> tuple[DataSource, ...]:
        """Return the data sources that the user may see: who or what recorded values.

        Args:
            only_latest: of several versions of one model, only the newest.

        Raises:
            ServerTooOldError: the server is older than 0.33.0.
        """
        await self._connection.require(JOBS_SINCE, "get_sources")
        query = {"only_latest": "true" if only_latest else "false"}
        request = Request(method="GET", path=f"{API}/sources", query=query)
        return await self._connection.call(request, sources)
