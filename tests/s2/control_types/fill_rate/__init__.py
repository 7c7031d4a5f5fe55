"""Devices that store: what they are told, and what they add to a plan."""
