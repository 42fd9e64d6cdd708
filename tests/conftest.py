"""What holds for all tests."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .checked_loop import CheckedLoopPolicy
from .order import turn

HERE = Path(__file__).parent

# Hundreds of programs are started: an appliance is ready in two seconds rather than seven if what
# the one before it compiled is kept, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

asyncio.set_event_loop_policy(CheckedLoopPolicy())

# The machine is shared: how long an example took says something of the machine, not of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: turn(item.path.relative_to(HERE).as_posix()))
