"""A complete home to try the integration on: a FlexMeasures server, a Home Assistant, and simulated devices."""
