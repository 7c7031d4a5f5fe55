"""Who the signed-in user is."""

from .connection import API, Connection
from .models import User
from .parsing import user
from .transport import Request


async def signed_in_user(connection: Connection) -> User:
    """Ask for the user; the sign-in tells only a number."""
    token = await connection.tokens.token()
    request = Request(method="GET", path=f"{API}/users/{token.user_id}")
    return await connection.call(request, user)
