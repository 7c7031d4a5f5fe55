"""One spelling for the address of a server, whatever a person typed or pasted."""

from ipaddress import IPv6Address
import re
from typing import Final

from yarl import URL

from .errors import InvalidInputError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# People paste the address that they see in the API's documentation.
_API_PATH: Final = re.compile(r"(?:/+api(?:/+v3_0)?)?/*$")
_LABEL: Final = re.compile(r"[a-z0-9_-]{1,63}")  # RFC 1035, and the underscore of many a local name
_LONGEST_HOST: Final = 253  # RFC 1035


def normalise_url(text: str) -> str:
    """Return the server's address without a trailing slash, such as ``https://example.com/flexmeasures``.

    Scheme and host become lower case; default ports and a trailing ``/api`` or ``/api/v3_0`` go; a sub-path stays.
    Two spellings of one address give the same result, and the result is its own normal form.

    Raises:
        InvalidInputError: the text is not the address of a web server, or carries more than an address.
    """
    text = text.strip()
    url = _parsed(text)
    if "@" in re.split(r"[/?#]", text.partition("://")[2])[0]:
        raise InvalidInputError("url", "must not hold a user name or a password")
    if url.query_string or "?" in text:
        raise InvalidInputError("url", "must not hold a query (?)")
    if url.fragment or "#" in text:
        raise InvalidInputError("url", "must not hold a fragment (#)")
    _check_host(url.raw_host)
    port = url.explicit_port
    if port == 0:
        raise InvalidInputError("url", "the port must be between 1 and 65535")
    if port == _DEFAULT_PORTS[url.scheme]:
        url = url.with_port(None)
    return str(url.origin()) + _sub_path(url.raw_path)


def _parsed(text: str) -> URL:
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() not in _DEFAULT_PORTS:
        raise InvalidInputError("url", "must begin with http:// or https://")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidInputError("url", "must not hold spaces or control characters")
    if "\\" in text:
        raise InvalidInputError("url", "must not hold backslashes")
    try:
        return URL(text)
    except IndexError, ValueError:  # yarl's parser raises either
        raise InvalidInputError("url", "is not a valid address") from None


def _check_host(host: str | None) -> None:
    if not host:
        raise InvalidInputError("url", "names no host")
    if ":" in host:
        _check_ipv6(host)
        return
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidInputError("url", "the host is not a valid name")


def _check_ipv6(host: str) -> None:
    try:
        IPv6Address(host)
    except ValueError:
        raise InvalidInputError("url", "the host is not a valid IPv6 address") from None


def _sub_path(path: str) -> str:
    while (shorter := _API_PATH.sub("", path, count=1)) != path:
        path = shorter
    return path
