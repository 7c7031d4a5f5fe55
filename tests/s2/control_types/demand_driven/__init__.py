"""Devices that meet a demand in one of several ways."""
