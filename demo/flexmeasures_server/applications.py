"""What the copies of the host process run: the web application and the workers of FlexMeasures."""

from importlib import import_module
import os
from pathlib import Path
import sys
from typing import TYPE_CHECKING, Any

from .configuration import LOOPBACK, HostOptions

if TYPE_CHECKING:
    from flask import Flask

# One process with threads: FlexMeasures is bound to one core by Python's lock anyway, and rate limits and caches
# are then seen by every request.
WEB_THREADS = 8
# Gunicorn's workers prove in a file that they live; on a disk, that can block them.
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - only the directory, gunicorn makes the file safely

# The application itself, and what a scheduling job loads only when it runs.
JOB_MODULES = (
    "flexmeasures.app",
    "flexmeasures.cli",
    "flexmeasures.data.models.planning.storage",
    "flexmeasures.utils.app_utils",
    "highspy",
    "pyomo.environ",
)


def import_flexmeasures() -> None:
    """Import everything here, so that no copy of this process has to."""
    for module in JOB_MODULES:
        import_module(module)


def connect(options: HostOptions) -> bool:
    """Tell whether PostgreSQL accepts connections; makes the database when it is missing."""
    import psycopg2

    try:
        connection = psycopg2.connect(
            host=LOOPBACK,
            port=options.ports.postgresql,
            user="flexmeasures",
            password=options.secrets.postgresql_password,
            dbname="postgres",
        )
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True  # a database cannot be created inside a transaction
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'flexmeasures'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE DATABASE flexmeasures")
    connection.close()
    return True


def listening_workers(options: HostOptions) -> set[str]:
    """Return the names of the workers that have registered themselves in Valkey."""
    from redis import Redis
    from rq import Worker

    queue = Redis(LOOPBACK, port=options.ports.valkey, password=options.secrets.valkey_password)
    with queue:
        return {
            key.removeprefix(Worker.redis_worker_namespace_prefix) for key in Worker.all_keys(queue)
        }


def serve(options: HostOptions) -> None:
    """Run the web application until this process is told to stop."""
    from flexmeasures.app import create
    from gunicorn.app.base import BaseApplication

    class WebServer(BaseApplication):  # type: ignore[misc]
        """Gunicorn with settings from here instead of from its command line."""

        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"{LOOPBACK}:{options.ports.web}",
                "control_socket_disable": True,
                "graceful_timeout": 2,
                "threads": WEB_THREADS,
                "timeout": 120,
                "workers": 1,
            }
            if MEMORY_FOLDER.is_dir():
                settings["worker_tmp_dir"] = str(MEMORY_FOLDER)
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return create(env="production")

    sys.argv = ["flexmeasures"]
    WebServer().run()


def work(name: str) -> None:
    """Run one worker for all queues until this process is told to stop."""
    from flexmeasures.utils.app_utils import flexmeasures_cli

    os.environ["FLEXMEASURES_SERVER_ROLE"] = "worker"
    # FlexMeasures puts no job off to a later time, so the process that would wake such jobs is not needed.
    arguments = ["jobs", "run-worker", "--name", name, "--without-scheduler"]
    arguments += ["--queue", "scheduling|forecasting|ingestion"]
    sys.argv = ["flexmeasures", *arguments]
    flexmeasures_cli.main(args=arguments, prog_name="flexmeasures")
