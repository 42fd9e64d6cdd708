"""Tests of the store of calls."""
