"""A complete FlexMeasures server on loopback: PostgreSQL, Valkey, the web application and its workers, from packages."""

from .configuration import ServerUser, Setting
from .server import FlexMeasuresServer, FlexMeasuresServerError

__all__ = ["FlexMeasuresServer", "FlexMeasuresServerError", "ServerUser", "Setting"]
