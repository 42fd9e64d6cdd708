"""What the appliance says of itself: whether it would take a call, and where it listens."""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.config import Config
from sipagent.ops.box_metrics import BoxState, ProcessState
from sipagent.ops.plan_state import PlanState
from sipagent.ops.status import Readiness

from .engine_process import EngineProcess
from .worker_process import WorkerProcess


@dataclass(frozen=True, slots=True)
class State:
    """What runs; None: not started, or not wanted."""

    is_stopping: bool
    engine: EngineProcess | None
    worker: WorkerProcess | None
    attached: WorkerProcess | None
    plans: PlanState | None = None


def readiness(state: State) -> Readiness:
    """Return whether a call would be taken, or why not."""
    reasons = []
    heartbeat = state.worker.heartbeat if state.worker is not None else None
    attached = state.attached.heartbeat if state.attached is not None else None
    beats = [each for each in (heartbeat, attached) if each is not None]
    if state.is_stopping or any(each.is_draining for each in beats):
        reasons.append("draining")
    if state.engine is not None and not state.engine.is_ready:
        reasons.append("the embedded engine is not running")
    if state.worker is None or state.worker.ready is None or heartbeat is None:
        reasons.append("no worker is ready")
    elif heartbeat.calls_in_use >= heartbeat.call_limit:
        reasons.append("all calls are in use")
    if state.attached is not None and (state.attached.ready is None or attached is None):
        reasons.append("the process of attached calls is not ready")
    elif attached is not None and attached.calls_in_use >= attached.call_limit:
        reasons.append("all attached calls are in use")
    return Readiness(
        not reasons,
        tuple(reasons),
        heartbeat.calls_in_use if heartbeat is not None else 0,
        heartbeat.call_limit if heartbeat is not None else 0,
        attached.calls_in_use if attached is not None else 0,
        attached.call_limit if attached is not None else 0,
        state.plans,
    )


def status_line(state: State) -> str:
    """Return how things are, for whoever looks at the service."""
    now = readiness(state)
    calls = f"{now.calls_in_use} of {now.call_limit} calls"
    if state.attached is not None:
        calls += f", {now.attached_calls} of {now.attached_limit} attached calls"
    return f"{calls}; {', '.join(now.reasons)}" if now.reasons else calls


def box_state(state: State, supervisor_pid: int) -> BoxState:
    """Return what metrics tell of the box."""
    processes = [ProcessState("supervisor", supervisor_pid)]
    for each in (state.worker, state.attached):
        if each is not None:
            processes.append(ProcessState(each.name, each.pid, each.restarts))
    if state.engine is not None:
        processes.append(ProcessState("engine", state.engine.pid, state.engine.restarts))
    return BoxState(readiness(state), tuple(processes))


def announcement(config: Config, state: State, http_port: int) -> str:
    """Return the line that tells where the appliance listens; its worker is ready."""
    assert state.worker is not None and state.worker.ready is not None
    ready = state.worker.ready
    speaks_to = "the embedded engine" if state.engine is not None else config.realtime.url
    transports = " and ".join(each.upper() for each in config.sip.transports)
    attached = f"{config.attach.max_calls} attached calls, " if state.attached is not None else ""
    return (
        f"sipagent: SIP on {config.sip.bind}:{ready.sip_port} ({transports}), "
        f"{ready.call_limit} calls, {attached}{ready.plans} dialplans, speaking to {speaks_to}; "
        f"HTTP on {config.http.bind}:{http_port}\n"
    )
