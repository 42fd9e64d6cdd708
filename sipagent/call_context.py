"""Which call the code that runs now belongs to: for log lines of what knows of no calls.

A call's task sets it, and tasks and threads begun from there have it, too (PEP 567).
"""

from __future__ import annotations

from contextvars import ContextVar

CALL_ID: ContextVar[str] = ContextVar("call_id", default="")
"""Ours; ``""``: of no call."""
