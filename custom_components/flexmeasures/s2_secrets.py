"""The secrets that open the connections of S2 devices."""

import hmac
import secrets
from typing import Final

# Nobody guesses 256 bits, whatever the number of attempts.
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a secret that can stand in a URL."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def is_same_secret(given: str, stored: str) -> bool:
    """Compare in a time that does not tell how much of the secret is right."""
    return hmac.compare_digest(given.encode(errors="replace"), stored.encode())
