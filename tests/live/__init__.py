"""Tests against a real FlexMeasures server."""
