# Home Assistant puts probatio in the place of voluptuous; mypy has to see the same types.
from probatio import *
