"""What is asked of a call over HTTP, checked. Pure.

Realtime: bodies of ``POST /v1/realtime/calls/{call_id}/accept``, ``/reject`` and ``/refer``.
"""

from __future__ import annotations

import re
from typing import Any

from .checks import InvalidConfigError, Json, mapping, text, unknown, whole

DECLINE = 603
"""RFC 3261 section 21.6.2."""

NOT_AT_ACCEPT = ("threshold", "prefix_padding_ms", "silence_duration_ms")
"""Of ``turn_detection``: the provider knows them in ``session.update``, and not here."""

_TARGET = re.compile(r"(sips?|tel):[!#-;=?-~]+", re.ASCII | re.IGNORECASE)
"""Printable ASCII without blanks, quotes and angle brackets (RFC 3986 section 2)."""

MAX_TARGET_CHARS = 512
"""As much as a REFER of ours takes."""


def accepted_session(body: Any) -> Json:
    """Return the session of an ``accept``, whose fields ``session.update`` has yet to check.

    Raises:
        InvalidConfigError: If it is none, or has what only an update may have.
    """
    session = mapping(body, "session")
    audio = session.get("audio")
    given = audio.get("input") if isinstance(audio, dict) else None
    detection = given.get("turn_detection") if isinstance(given, dict) else None
    for key in NOT_AT_ACCEPT:
        if isinstance(detection, dict) and key in detection:
            raise unknown(f"session.audio.input.turn_detection.{key}")
    return session


def reject_status(body: Any) -> int:
    """Return the SIP status a call is rejected with (RFC 3261 section 21).

    Raises:
        InvalidConfigError: If it does not refuse.
    """
    status = mapping(body, "body").get("status_code")
    return DECLINE if status is None else whole(status, "status_code", 400, 699)


def refer_target(body: Any) -> str:
    """Return where a caller is sent.

    Raises:
        InvalidConfigError: If it is no SIP or telephone URI: it becomes part of a header.
    """
    target = mapping(body, "body").get("target_uri")
    if target is None:
        raise InvalidConfigError(
            "target_uri", "target_uri is required", "missing_required_parameter"
        )
    if not _TARGET.fullmatch(text(target, "target_uri")):
        raise InvalidConfigError("target_uri", "target_uri must be a sip:, sips: or tel: URI")
    if len(target) > MAX_TARGET_CHARS:
        most = f"target_uri must have at most {MAX_TARGET_CHARS} characters"
        raise InvalidConfigError("target_uri", most)
    return str(target)
