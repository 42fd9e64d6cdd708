"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The machine is shared: how long an example took says something of the machine, not of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
