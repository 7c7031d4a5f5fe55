"""What a server is made of: its users, its ports, its secrets, and the configuration file FlexMeasures reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
import secrets
import socket
from typing import Self

type Setting = str | int | float | bool | list[str] | None

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class ServerUser:
    """Someone who can sign in; the account is made with its first user.

    Roles are FlexMeasures' own, such as "account-admin" (may change the account's assets) or "admin" (whole site).
    """

    account: str
    email: str
    password: str = field(repr=False)
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The three loopback ports of one server."""

    web: int
    postgresql: int
    valkey: int


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Made once per folder: another secret key would end every session, another salt every password."""

    secret_key: str = field(repr=False)
    password_salt: str = field(repr=False)
    postgresql_password: str = field(repr=False)
    valkey_password: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return new random secrets."""
        return cls(
            secret_key=secrets.token_urlsafe(32),
            password_salt=secrets.token_urlsafe(16),
            postgresql_password=secrets.token_urlsafe(16),
            valkey_password=secrets.token_urlsafe(16),
        )


@dataclass(frozen=True, kw_only=True)
class HostOptions:
    """Everything that the host process needs to know, sent to it as JSON."""

    folder: Path
    ports: Ports
    secrets: Secrets
    users: tuple[ServerUser, ...]
    workers: int

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps({**asdict(self), "folder": str(self.folder)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what to_json wrote."""
        document = json.loads(text)
        users = (
            ServerUser(**{**user, "roles": tuple(user["roles"])}) for user in document["users"]
        )
        return cls(
            folder=Path(document["folder"]),
            ports=Ports(**document["ports"]),
            secrets=Secrets(**document["secrets"]),
            users=tuple(users),
            workers=document["workers"],
        )


def load_secrets(folder: Path) -> Secrets:
    """Return the secrets of a folder, made at its first start."""
    file = folder / "secrets.json"
    if not file.exists():
        _write_private(file, json.dumps(asdict(Secrets.generate()), indent=2))
    return Secrets(**json.loads(file.read_text()))


def choose_ports(folder: Path, web: int | None) -> Ports:
    """Return free ports, for the web application the wanted one or else the one of last time.

    A client keeps the address of its server, so the web port stays the same for as long as nothing else took it.
    Raises OSError when the wanted port is taken.
    """
    file = folder / "port"
    if web is None and file.exists() and is_free(last := int(file.read_text())):
        web = last
    with _listener(web or 0) as first, _listener(0) as second, _listener(0) as third:
        ports = Ports(web=_port(first), postgresql=_port(second), valkey=_port(third))
    file.write_text(f"{ports.web}\n")
    return ports


def is_free(port: int) -> bool:
    """Tell whether nothing listens on this loopback port."""
    try:
        _listener(port).close()
    except OSError:
        return False
    return True


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    # The option that servers set: a port with connections that are only lingering counts as free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def write_settings(
    folder: Path,
    ports: Ports,
    known: Secrets,
    *,
    play: bool,
    settings: Mapping[str, Setting] | None,
) -> None:
    """Write the configuration file of FlexMeasures, which it looks for in its home folder."""
    database = f"postgresql://flexmeasures:{known.postgresql_password}@{LOOPBACK}:{ports.postgresql}/flexmeasures"
    values: dict[str, Setting] = {
        "SECRET_KEY": known.secret_key,
        "SECURITY_PASSWORD_SALT": known.password_salt,
        "SQLALCHEMY_DATABASE_URI": database,
        "FLEXMEASURES_REDIS_URL": LOOPBACK,
        "FLEXMEASURES_REDIS_PORT": ports.valkey,
        "FLEXMEASURES_REDIS_PASSWORD": known.valkey_password,
        # "play" switches the rate limits off.
        "FLEXMEASURES_MODE": "play" if play else "",
        # The default lies in Korea.
        "FLEXMEASURES_TIMEZONE": "Europe/Amsterdam",
        "FLEXMEASURES_CREATE_TEMPLATE_ASSETS_ON_STARTUP": False,
        "SECURITY_TWO_FACTOR": False,
        # The default, "1 week", is not understood by Flask-Security-Too 5.9 and newer.
        "SECURITY_TWO_FACTOR_LOGIN_VALIDITY": "1 weeks",
        # The default asks a server on the internet about each new password.
        "SECURITY_PASSWORD_CHECK_BREACHED": None,
        "TRUSTED_HOSTS": ["localhost", LOOPBACK],
        "LOGGING_LEVEL": "WARNING",
        **(settings or {}),
    }
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    _write_private(home / ".flexmeasures.cfg", "\n".join([*lines, *_WORKER_SETTINGS]))


# A worker forks for every job. A pooled connection would be shared with the forked process, and after one failed
# job the next ones would find it inside an aborted transaction.
_WORKER_SETTINGS: Sequence[str] = (
    "import os",
    "if os.environ.get('FLEXMEASURES_SERVER_ROLE') == 'worker':",
    "    from sqlalchemy.pool import NullPool",
    "    SQLALCHEMY_ENGINE_OPTIONS = {",
    "        'poolclass': NullPool, 'connect_args': {'options': '-c timezone=utc'}",
    "    }",
    "",
)


def _write_private(file: Path, text: str) -> None:
    """Write a whole file or nothing, readable for its owner only."""
    partial = file.with_name(f"{file.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.rename(file)
