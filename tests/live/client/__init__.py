"""The client against a real FlexMeasures server."""
