"""Programmes that can be shifted: where they are placed and what the device is told."""
