"""Tests of what the bench compares with."""
