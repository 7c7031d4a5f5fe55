"""Devices that decide themselves within limits."""
