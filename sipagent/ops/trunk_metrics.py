"""Metrics of trunks; they are named by the configuration."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from sipagent.sip.registration import RegistrationState, TrunkState

REGISTERED = Gauge(
    "sipagent_trunk_registered",
    "Whether a trunk that registers is registered: 1 or 0.",
    ["trunk"],
    multiprocess_mode="livesum",
)
REGISTRATIONS = Counter(
    "sipagent_trunk_registrations",
    "Answers of registrars, refreshing ones included.",
    ["trunk", "outcome"],
)


def count_trunk(state: TrunkState) -> None:
    """Count what a trunk told."""
    match state.state:
        case RegistrationState.REGISTERED:
            REGISTERED.labels(state.name).set(1)
            REGISTRATIONS.labels(state.name, "ok").inc()
        case RegistrationState.FAILED:
            REGISTERED.labels(state.name).set(0)
            REGISTRATIONS.labels(state.name, "failed").inc()
        case RegistrationState.UNREGISTERED:
            REGISTERED.labels(state.name).set(0)
        case _:
            pass
