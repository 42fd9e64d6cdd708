"""Callbacks of PJSIP: what they raise would end up in C++, which ends the process."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

CallbackT = TypeVar("CallbackT", bound=Callable[[Any, Any], None])
"""A method that PJSIP calls, with its parameters."""


def never_raises(
    what: str, whose: Callable[[Any], str] | None = None
) -> Callable[[CallbackT], CallbackT]:
    """Have what a callback raises be logged, and nothing else come of it.

    Args:
        what: For the log: what is lost; ``%s`` is of whom.
        whose: Says of whom.
    """

    def mark(callback: CallbackT) -> CallbackT:
        log = logging.getLogger(callback.__module__)

        @functools.wraps(callback)
        def called(self: Any, prm: Any) -> None:
            try:
                callback(self, prm)
            except Exception:
                log.exception(f"! {what}", *([whose(self)] if whose is not None else []))

        return cast(CallbackT, called)

    return mark
