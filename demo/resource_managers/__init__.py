"""Simulated S2 devices: each speaks the standard as resource manager, and its physics closes the loop.

Written against the standard alone; nothing of the integration is used, so that an error there shows here.
"""
