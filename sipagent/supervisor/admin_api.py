"""The admin API, as the configuration wants it."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from sipagent.config import Config
from sipagent.ops.api import Api
from sipagent.ops.api_calls import CallsApi
from sipagent.ops.api_flights import FlightsApi
from sipagent.ops.api_guard import ApiGuard
from sipagent.ops.api_past import PastCalls
from sipagent.ops.api_plans import Keeper, PlansApi
from sipagent.ops.audit import AuditLog
from sipagent.ops.channel import Message
from sipagent.ops.dial_guard import DialGuard
from sipagent.ops.live_calls import LiveCalls
from sipagent.ops.status import Readiness
from sipagent.ops.store.queries import CallQueries


def admin_api(
    config: Config,
    send: Callable[[Hashable, Message], None],
    readiness: Callable[[], Readiness],
    plans: Keeper,
    audit: AuditLog,
    line: Hashable,
    attached: Hashable,
) -> Api:
    """Return it.

    Args:
        config: Of the appliance.
        send: Tells a process something.
        readiness: Of the box, now.
        plans: Keeps them.
        audit: Where it is written what was to change something.
        line: What the process with the line is known as.
        attached: The same of the process of attached calls.
    """
    guard = ApiGuard(config.http.bind, config.http.all_tokens, audit.write)
    dial_guard = DialGuard(config.dial, config.sip.emergency_numbers)
    past = PastCalls(CallQueries(config.store.url), config.recordings.path)
    live = LiveCalls(config.prices, config.realtime.model)
    calls = CallsApi(config.dial, dial_guard, send, line, live, past)
    folders = (config.flights.path, config.recordings.path)
    flights = FlightsApi(*folders, lambda call_id: live.source_of(call_id) is not None, send)
    return Api(
        guard,
        send,
        readiness,
        calls,
        PlansApi(plans, past.routes),
        (line, attached),
        flights,
        audit.last,
    )
