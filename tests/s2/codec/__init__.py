"""Texts of devices: what is read, what is not, and what is written to them."""
