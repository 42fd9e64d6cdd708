"""Webhooks of incoming calls: what they say, and whether the provider said it.

A signature covers id, timestamp and the body as it was sent, so the bytes are checked before
anybody reads them. Several secrets may be good at once, and a message may bear several
signatures: both are how a secret is replaced. Pure; ``now`` is Unix seconds.

Standard Webhooks 1.0; Realtime: realtime.call.incoming.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sipagent.errors import WebhookRefused, WireError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
"""How far a timestamp may be off, either way; what was overheard cannot be sent again later."""

INCOMING_CALL = "realtime.call.incoming"

_BASE64_SECRET = "whsec_"
_VERSION = "v1,"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A phone call that waits at the provider's connector for a decision."""

    event_id: str
    created_at: int
    """Unix seconds."""
    realtime_call_id: str
    sip_headers: tuple[tuple[str, str], ...]
    """Of its INVITE, in order; repeated names stay apart. Whatever the caller's side wrote."""
    media_security: str = ""
    """``rtp`` or ``srtp``; empty when unknown."""


class _Received(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Header(_Received):
    name: str
    value: str


class _Data(_Received):
    call_id: Annotated[str, Field(pattern=r"^[!-~]{1,256}$")]
    """Becomes part of URLs, and a key of the store."""
    sip_headers: tuple[_Header, ...]
    sip_media_security: str | None = None


class _Webhook(_Received):
    id: str
    created_at: int
    data: _Data


def secret_to_key(secret: str) -> bytes:
    """Return what a secret signs with: after ``whsec_`` it is base64, else the text itself.

    Raises:
        ValueError: If it is none; the text does not repeat it.
    """
    if not secret.isascii() or not secret.isprintable() or len(secret.split()) != 1:
        raise ValueError("must be printable ASCII without spaces")
    if not secret.startswith(_BASE64_SECRET):
        return secret.encode()
    try:
        key = b64decode(secret.removeprefix(_BASE64_SECRET), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError(f"must be base64 after {_BASE64_SECRET}")
    return key


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message, ``v1,<base64>``.

    Raises:
        ValueError: If the secret is none.
    """
    return _signature(secret_to_key(secret), webhook_id, str(timestamp), body)


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Return the id of a message that bears a good signature.

    Args:
        secrets: Any of them may have signed.
        headers: Of the request; names in any case.
        body: As it was received, before anybody decoded it.
        now: Unix seconds.

    Raises:
        WebhookRefused: ``no_secret``, ``missing_header``, ``bad_timestamp``, ``too_old``,
            ``too_new`` or ``bad_signature``.
    """
    keys = _keys(secrets)
    if not keys:
        raise WebhookRefused("no_secret")
    given = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    signatures = given.get(SIGNATURE, "")
    if not (webhook_id and timestamp and signatures):
        raise WebhookRefused("missing_header")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookRefused("bad_timestamp")
    if now - int(timestamp) > TOLERANCE_S:
        raise WebhookRefused("too_old")
    if int(timestamp) - now > TOLERANCE_S:
        raise WebhookRefused("too_new")
    if not (webhook_id.isascii() and signatures.isascii()):  # nor can they be compared
        raise WebhookRefused("bad_signature")
    good = [_signature(key, webhook_id, timestamp, body) for key in keys]
    if not any(hmac.compare_digest(ours, each) for each in signatures.split() for ours in good):
        raise WebhookRefused("bad_signature")
    return webhook_id


def read_webhook(body: bytes) -> IncomingCall | None:
    """Return the call that a message announces; None: it is of a type that means nothing to us.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
            Its text has nothing of the message.
    """
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WireError("not JSON") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise WireError("not an event", param="type")
    if raw["type"] != INCOMING_CALL:
        return None
    try:
        webhook = _Webhook.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{path}: {first['msg']}", param=path) from None
    return IncomingCall(
        event_id=webhook.id,
        created_at=webhook.created_at,
        realtime_call_id=webhook.data.call_id,
        sip_headers=tuple((each.name, each.value) for each in webhook.data.sip_headers),
        media_security=webhook.data.sip_media_security or "",
    )


def webhook_body(call: IncomingCall) -> bytes:
    """Return the message that announces ``call``."""
    data = {
        "call_id": call.realtime_call_id,
        "sip_headers": [{"name": name, "value": value} for name, value in call.sip_headers],
    }
    if call.media_security:
        data["sip_media_security"] = call.media_security
    event = {"object": "event", "id": call.event_id, "type": INCOMING_CALL}
    return orjson.dumps({**event, "created_at": call.created_at, "data": data})


def _keys(secrets: Sequence[str]) -> list[bytes]:
    """Return the keys of those that are secrets: an empty one would let everybody in."""
    keys = []
    for secret in secrets:
        with suppress(ValueError):
            keys.append(secret_to_key(secret))
    return keys


def _signature(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return _VERSION + b64encode(hmac.digest(key, signed, "sha256")).decode()
