"""Which controller an incoming call has, by its plan."""

from __future__ import annotations

from .controller import CallController
from .early_controller import EarlyController
from .incoming_controller import IncomingController
from .setup import CallSetup


def incoming_controller(setup: CallSetup) -> CallController:
    """Return the controller of a call that came in, new."""
    if setup.line.early is None:
        return IncomingController(setup.policy)
    return EarlyController(setup.policy, setup.line.early)
