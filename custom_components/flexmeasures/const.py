"""Names shared by several files."""

import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)

DOMAIN: Final = "flexmeasures"

# Entry data, beside Home Assistant's own url, email, password and verify_ssl.
CONF_SITE_ID: Final = "site_id"

# Entry options; absent means "as stored on the site in FlexMeasures". Sensors are ids of FlexMeasures sensors.
CONF_CONSUMPTION_PRICE_SENSOR: Final = "consumption_price_sensor"
CONF_PRODUCTION_PRICE_SENSOR: Final = "production_price_sensor"
CONF_SITE_POWER_CAPACITY: Final = "site_power_capacity"  # kW in both directions
CONF_SITE_CONSUMPTION_CAPACITY: Final = "site_consumption_capacity"  # kW
CONF_SITE_PRODUCTION_CAPACITY: Final = "site_production_capacity"  # kW
CONF_SITE_PEAK_CONSUMPTION: Final = "site_peak_consumption"  # kW that is paid for already
CONF_INFLEXIBLE_CONSUMPTION: Final = "inflexible_consumption"  # list of sensors
CONF_INFLEXIBLE_PRODUCTION: Final = "inflexible_production"  # list of sensors
CONF_CURRENCY: Final = "currency"  # of the prices that follow, such as EUR
CONF_GAS_PRICE: Final = "gas_price"  # per kWh
CONF_SITE_PEAK_CONSUMPTION_PRICE: Final = "site_peak_consumption_price"  # per kW
CONF_SITE_CONSUMPTION_BREACH_PRICE: Final = "site_consumption_breach_price"  # per kW
CONF_SITE_PRODUCTION_BREACH_PRICE: Final = "site_production_breach_price"  # per kW
CONF_CONSUMPTION_BREACH_PRICE: Final = "consumption_breach_price"  # per kW, of a device
CONF_PRODUCTION_BREACH_PRICE: Final = "production_breach_price"  # per kW, of a device
CONF_SOC_MINIMA_BREACH_PRICE: Final = "soc_minima_breach_price"  # per kWh
CONF_SOC_MAXIMA_BREACH_PRICE: Final = "soc_maxima_breach_price"  # per kWh
CONF_RELAX_CONSTRAINTS: Final = "relax_constraints"  # whether limits may be broken at a price
# Entry options that the server knows nothing of; absent means as usual.
CONF_HORIZON: Final = "horizon"  # h
CONF_PERIOD: Final = "period"  # minutes between plans
CONF_SCHEDULE_RESOLUTION: Final = "schedule_resolution"  # minutes; absent: that of the sensors

SUBENTRY_FLEXIBLE_DEVICE: Final = "flexible_device"
SUBENTRY_MEASUREMENT: Final = "measurement"
SUBENTRY_S2_DEVICE: Final = "s2_device"

# Data of a flexible device's subentry. Where a comment says "or entity", the value is a number, or the registry id (else
# entity id) of an entity that tells it.
CONF_KIND: Final = "kind"  # a DeviceKind
KIND_BATTERY: Final = "battery"
KIND_SOLAR: Final = "solar"
CONF_POWER_SENSOR: Final = "power_sensor"  # id of a FlexMeasures sensor of the site
CONF_PREDICTED_ENERGY_SENSOR: Final = (
    "predicted_energy_sensor"  # the same, for the server's prediction; optional
)
CONF_STATE_OF_CHARGE_ENTITY: Final = "state_of_charge_entity"  # entity registry id, else entity id
CONF_STATE_OF_CHARGE_AGE: Final = (
    "state_of_charge_age"  # minutes after which a reading is stale; optional
)
CONF_CAPACITY: Final = "capacity"  # kWh, or entity
CONF_MINIMUM_STATE_OF_CHARGE: Final = "minimum_state_of_charge"  # % of capacity, or entity
CONF_MAXIMUM_STATE_OF_CHARGE: Final = "maximum_state_of_charge"  # % of capacity, or entity
CONF_CHARGING_POWER: Final = "charging_power"  # kW, at most, or entity; of a heat buffer: electric
CONF_DISCHARGING_POWER: Final = "discharging_power"  # kW, at most, or entity; positive
CONF_ROUNDTRIP_EFFICIENCY: Final = "roundtrip_efficiency"  # %, or entity
CONF_CHARGING_EFFICIENCY: Final = "charging_efficiency"  # %, or entity; instead of a round trip
CONF_DISCHARGING_EFFICIENCY: Final = "discharging_efficiency"  # %, or entity; the same
CONF_STANDBY_LOSS: Final = "standby_loss"  # % of what is stored, per hour, or entity
CONF_PLUGGED_IN_ENTITY: Final = "plugged_in_entity"  # on while the car is connected; optional
CONF_CALENDAR_ENTITY: Final = "calendar_entity"  # events that ask for a state of charge; optional
CONF_TANK_VOLUME: Final = "tank_volume"  # L of water; instead of a capacity
CONF_EMPTY_TEMPERATURE: Final = "empty_temperature"  # °C at which the tank stores nothing of use
CONF_FULL_TEMPERATURE: Final = "full_temperature"  # °C that the tank may reach
CONF_COEFFICIENT_OF_PERFORMANCE: Final = (
    "coefficient_of_performance"  # heat per electricity, or entity
)
CONF_HEAT_USAGE: Final = "heat_usage"  # kW, or entity
CONF_USAGE: Final = "usage"  # kW taken out of a battery otherwise, or entity
CONF_USAGE_SENSOR: Final = "usage_sensor"  # id of a FlexMeasures sensor that foresees it; optional
CONF_GAIN: Final = "gain"  # kW that others add to what is stored, or entity
CONF_GAIN_SENSOR: Final = "gain_sensor"  # id of a FlexMeasures sensor that foresees it; optional
CONF_OPERATION_MODES: Final = (
    "operation_modes"  # pairs of kW, consumption positive, between which it can run; optional
)
CONF_PREFER_CHARGING_SOONER: Final = (
    "prefer_charging_sooner"  # whether the first of equally cheap times is taken; usually
)
CONF_FORECAST_SENSOR: Final = (
    "forecast_sensor"  # id of the FlexMeasures sensor with what could be produced
)
CONF_PEAK_POWER: Final = "peak_power"  # kW
CONF_PROFILE: Final = "profile"  # list of kW, one per part
CONF_PROFILE_PART: Final = "profile_part"  # minutes per part
CONF_INTERRUPTIBLE: Final = "interruptible"  # whether the process may pause; it then has one power
CONF_READY_ENTITY: Final = "ready_entity"  # on while the process waits to be started; optional
CONF_FLEX_MODEL: Final = "flex_model"  # object in FlexMeasures' own fields

# How a flexible device is controlled. What the setpoint entity takes follows from its domain and unit.
CONF_SETPOINT_ENTITY: Final = "setpoint_entity"  # optional; without it, setpoints are only shown
CONF_SETPOINT_SIGN: Final = "setpoint_sign"  # what a positive number means there
CONF_SWITCH_ENTITY: Final = "switch_entity"  # switches a number's device on and off; optional
CONF_PHASES: Final = "phases"  # of a current: 1, 2 or 3
CONF_VOLTAGE: Final = "voltage"  # V to neutral, of a current
CONF_FULL_POWER: Final = "full_power"  # kW that 100 % stands for, of a percentage
CONF_ON_FROM: Final = "on_from"  # kW from which a switched device runs
CONF_OFF_BELOW: Final = "off_below"  # kW below which it stops
CONF_OPTION_CHARGE: Final = "option_charge"  # of a select
CONF_OPTION_IDLE: Final = "option_idle"
CONF_OPTION_DISCHARGE: Final = "option_discharge"  # optional
CONF_TEMPERATURE_AT_REST: Final = "temperature_at_rest"  # in the entity's unit
CONF_TEMPERATURE_AT_FULL_POWER: Final = "temperature_at_full_power"
CONF_DEADBAND: Final = "deadband"  # W
CONF_MINIMUM_DWELL: Final = "minimum_dwell"  # s between writes
CONF_MINIMUM_ON: Final = "minimum_on"  # minutes
CONF_MINIMUM_OFF: Final = "minimum_off"  # minutes
CONF_WRITES_PER_DAY: Final = "writes_per_day"
CONF_SETTLE_TIME: Final = "settle_time"  # s
CONF_SUSPENSION: Final = (
    "suspension"  # minutes that a person's change is left alone; absent: until the next block
)
CONF_SAFE_ACTION: Final = "safe_action"  # a SafeAction
CONF_SAFE_POWER: Final = "safe_power"  # kW, consumption positive, of the fixed safe value
CONF_CONDITIONS: Final = "conditions"  # entities that must be on
CONF_SHADOW_MODE: Final = "shadow_mode"  # compute and show, and write nothing

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

# What the discovery of an S2 device names: the entry of the site at which it waits.
CONF_ENTRY: Final = "entry_id"

# Data of an S2 device's subentry.
CONF_CREDENTIAL: Final = "secret"  # what opens its connection; never shown again after the flow
CONF_ASSET: Final = "asset"  # id of the FlexMeasures asset that its sensors belong to
CONF_CONTROL_TYPE: Final = "control_type"  # an S2 control type, or automatic
CONF_ENERGY_PER_UNIT: Final = "energy_per_unit"  # kWh behind one unit of fill level; optional
CONF_MOST_CONSUMPTION: Final = "most_consumption"  # kW; optional
CONF_MOST_PRODUCTION: Final = "most_production"  # kW, positive; optional
CONF_ABNORMAL_CONDITIONS: Final = "abnormal_conditions"  # whether what is reserved for them is used
CONF_RESOURCE_ID: Final = (
    "resource_id"  # what it calls itself; only when it was accepted by pairing
)

CONTROL_TYPE_AUTOMATIC: Final = "automatic"
CONTROL_TYPE_NONE: Final = "no_selection"
# Those of the standard, what says most about a device first. The room for S2 has them too, and is not loaded in most homes.
CONTROL_TYPES: Final = (
    "fill_rate_based_control",
    "operation_mode_based_control",
    "power_profile_based_control",
    "demand_driven_based_control",
    "power_envelope_based_control",
    "not_controlable",
)

# What a flexible device may do in a block of its plan, and the modes that a person may choose: words of the rooms for
# scheduling and control, which a home without flexible devices does not load.
BLOCK_CHARGE: Final = "charge"
BLOCK_DISCHARGE: Final = "discharge"
BLOCK_IDLE: Final = "idle"
MODE_MANUAL: Final = "manual"
MODES: Final = ("schedule", "charge_now", "discharge_now", "pause", MODE_MANUAL)
