"""Names shared by several files."""

import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)

DOMAIN: Final = "flexmeasures"

# Entry data, beside Home Assistant's own url, email, password and verify_ssl.
CONF_SITE_ID: Final = "site_id"

# Entry options: ids of FlexMeasures sensors; absent means "as stored on the site in FlexMeasures".
CONF_CONSUMPTION_PRICE_SENSOR: Final = "consumption_price_sensor"
CONF_PRODUCTION_PRICE_SENSOR: Final = "production_price_sensor"

SUBENTRY_FLEXIBLE_DEVICE: Final = "flexible_device"
SUBENTRY_MEASUREMENT: Final = "measurement"

# Data of a flexible device's subentry.
CONF_KIND: Final = "kind"
KIND_BATTERY: Final = "battery"
CONF_POWER_SENSOR: Final = "power_sensor"  # id of a FlexMeasures sensor of the site
CONF_STATE_OF_CHARGE_ENTITY: Final = "state_of_charge_entity"  # entity registry id, else entity id
CONF_CAPACITY: Final = "capacity"  # kWh
CONF_MINIMUM_STATE_OF_CHARGE: Final = "minimum_state_of_charge"  # % of capacity
CONF_MAXIMUM_STATE_OF_CHARGE: Final = "maximum_state_of_charge"  # % of capacity
CONF_CHARGING_POWER: Final = "charging_power"  # kW, at most
CONF_DISCHARGING_POWER: Final = "discharging_power"  # kW, at most; positive
CONF_ROUNDTRIP_EFFICIENCY: Final = "roundtrip_efficiency"  # %
CONF_SETPOINT_ENTITY: Final = "setpoint_entity"  # number entity that takes the power; optional
CONF_SETPOINT_SIGN: Final = "setpoint_sign"  # what a positive number means there

SETPOINT_CONSUMPTION_POSITIVE: Final = "consumption_positive"
SETPOINT_PRODUCTION_POSITIVE: Final = "production_positive"

# Data of a measurement's subentry.
CONF_ENTITY: Final = "entity"  # entity registry id, else entity id
CONF_SENSOR: Final = "sensor"  # id of a FlexMeasures sensor of the site
CONF_AGGREGATION: Final = "aggregation"  # an Aggregation
CONF_DIRECTION: Final = "direction"  # what a positive number means; only for power and energy
CONF_HISTORY_DAYS: Final = (
    "history_days"  # what of the past to send when the feed begins; absent for nothing
)
CONF_LONGEST_HOLD: Final = (
    "longest_hold"  # minutes without a report after which a reading is over; optional
)
CONF_MAXIMUM_POWER: Final = "maximum_power"  # kW that a counter can measure at most; optional

DIRECTION_CONSUMPTION: Final = "consumption"
DIRECTION_PRODUCTION: Final = "production"
