"""OPTIONS outside dialogs answered with what is free (RFC 3261 section 11.2). Pure.

PJSUA answers them itself, without a hook in pjsua2. Here they are told 200 with ``X-Calls-Free``
and ``X-Calls-Limit``, or 503 while draining, so that a dispatcher in front looks elsewhere. A full
endpoint is no failed one: it says 200 and that nothing is free. Those inside dialogs, which PJSIP
answers with 500, are answered by :func:`.pj_requests.answer_in_dialog`: session border controllers
send them as keep-alive, and hang up on that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .requests import Answer, Request


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an endpoint could take now."""

    free: int
    limit: int
    retry_after_s: int | None = None
    """Set while draining."""


class OptionsAnswer:
    """Decides on OPTIONS.

    Args:
        capacity: Returns what is free.
    """

    def __init__(self, capacity: Callable[[], Capacity]) -> None:
        self._capacity = capacity

    def __call__(self, request: Request) -> Answer | None:
        """Answer OPTIONS."""
        if request.method != "OPTIONS":
            return None
        capacity = self._capacity()
        headers = [("X-Calls-Free", str(capacity.free)), ("X-Calls-Limit", str(capacity.limit))]
        if capacity.retry_after_s is not None:
            headers.append(("Retry-After", str(capacity.retry_after_s)))
        status = 200 if capacity.retry_after_s is None else 503
        return Answer(status, tuple(headers), shows_capabilities=True)
