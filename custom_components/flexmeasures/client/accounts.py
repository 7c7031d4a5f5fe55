"""Calls about the server itself, the signed-in user and accounts."""

import re

from .connection import API, Calls
from .errors import ServerTooOldError, UnexpectedResponseError
from .inputs import checked_id
from .models import Account, Health, ServerVersions, User
from .parsing import account, health, read, server_versions, user
from .transport import Request

MINIMUM_SERVER_VERSION = (
    "0.33.0"  # the first with GET /jobs, which tells when data and schedules are ready
)

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
        if versions.server is None or _release(versions.server) < _release(MINIMUM_SERVER_VERSION):
            raise ServerTooOldError(version=versions.server, minimum=MINIMUM_SERVER_VERSION)
        return versions

    async def get_health(self) -> Health:
        """Ask whether the server is ready; a server that says it is not ready is no error."""
        path = f"{API}/health/ready"
        request = Request(method="GET", path=path, readable=frozenset({503}))
        return read(await self._connection.public_answer(request), health)

    async def get_user(self) -> User:
        """Return the signed-in user."""
        token = await self._connection.tokens.token()
        return await self._connection.call(
            Request(method="GET", path=f"{API}/users/{token.user_id}"), user
        )

    async def get_account(self, account_id: int) -> Account:
        """Return an account."""
        path = f"{API}/accounts/{checked_id(account_id, 'account_id')}"
        return await self._connection.call(Request(method="GET", path=path), account)


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: development versions and candidates count as the release they lead to."""
    match = re.match(r"\d{1,6}(?:\.\d{1,6})*", version.strip())
    return tuple(int(number) for number in match[0].split(".")) if match else ()
