"""``[outgoing]`` of a dialplan: how its agents place calls, and what they do about machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from .documents import Document
from .findings import Finding, Severity
from .model import Model, Text

if TYPE_CHECKING:
    from .models import Dialplan

MAX_RING_S = 180.0
"""An INVITE must get its final response within three minutes (RFC 3261 section 16.6, timer C)."""


def caller_id(text: str) -> str:
    """Return ``text`` if it can be the user part of From.

    Raises:
        ValueError: If it cannot.
    """
    if not re.fullmatch(r"[0-9A-Za-z+*#._~-]{1,64}", text):
        raise ValueError('must be a number or name such as "+49301234", at most 64 characters')
    return text


CallerId = Annotated[str, AfterValidator(caller_id)]
RingSeconds = Annotated[float, Field(gt=0, le=MAX_RING_S)]


class Voicemail(Model):
    """``[outgoing.voicemail]``: when a machine answers."""

    action: Literal["hang_up", "leave_message", "ignore"] = "ignore"
    """``ignore``: it is on record, and the agent talks on."""
    message: str = ""
    """Instructions of what is said after the beep."""
    limit_s: Annotated[float, Field(gt=0, le=180)] = 40.0
    """How long the agent waits for the beep."""
    greeting_ms: Annotated[int, Field(ge=1_000, le=10_000)] = 2_800
    """Whoever speaks for longer without a pause is a machine."""


SCREENING_PHRASES = (
    *("screening service", "call screening", "screening this call"),
    *("say your name and why", "state your name", "record your name", "name and reason"),
    *("why you are calling", "why you're calling", "reason for calling", "reason for your call"),
    *("Ihren Namen und", "Grund Ihres Anrufs", "Grund für Ihren Anruf", "warum Sie anrufen"),
    *("votre nom et", "motif de votre appel", "raison de votre appel"),
    *("su nombre y", "motivo de su llamada"),
)
"""What Android, iOS and others' assistants say, in English, German, French and Spanish."""


class Screening(Model):
    """``[outgoing.screening]``: when a machine asks who calls, and why."""

    say: str = ""
    """Instructions of what it is told; ``""``: it is a machine like any other."""
    phrases: tuple[Text, ...] = SCREENING_PHRASES
    """By which it is known; case and punctuation do not count."""


class Outgoing(Model):
    """``[outgoing]``: calls that we place with this plan."""

    caller_id: CallerId | None = None
    """User part of From; None: the trunk's, or ``sipagent``."""
    ring_s: RingSeconds = 30.0
    """How long the other telephone may ring."""
    speaks_first: Literal["agent", "callee"] = "agent"
    """``callee``: the agent listens first, and greets only whoever says nothing."""
    early_media: Literal["ignore", "listen"] = "ignore"
    """``listen``: the agent hears what comes before the answer, and it is in the transcript."""
    voicemail: Voicemail = Voicemail()
    """What is done about machines."""
    screening: Screening = Screening()
    """What is done about telephones that ask who is calling."""


def check_outgoing(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with the table as a whole."""
    path = ("outgoing", "voicemail")
    voicemail = plan.outgoing.voicemail
    leaves_message = voicemail.action == "leave_message"
    if leaves_message and not voicemail.message.strip():
        yield document.finding((*path, "message"), 'is missing, and action is "leave_message"')
    for key in ("message", "limit_s"):
        if not leaves_message and key in voicemail.model_fields_set:
            text = 'means nothing unless action is "leave_message"'
            yield document.finding((*path, key), text, Severity.WARNING)
    yield from _check_words(plan, document)


def _check_words(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with what needs to be written down, or to be known by its words."""
    outgoing = plan.outgoing
    is_written = plan.session.transcription.model != "none"
    say = ("outgoing", "screening", "say")
    if outgoing.screening.say and not is_written:
        text = 'knows nobody by their words: session.transcription.model is "none"'
        yield document.finding(say, text)
    if outgoing.screening.say and outgoing.voicemail.action == "ignore":
        text = 'means nothing while voicemail.action is "ignore": the agent answers by itself'
        yield document.finding(say, text, Severity.WARNING)
    if "phrases" in outgoing.screening.model_fields_set and not outgoing.screening.say:
        text = "means nothing without say"
        yield document.finding((*say[:2], "phrases"), text, Severity.WARNING)
    if outgoing.early_media == "listen" and not is_written:
        text = 'writes nothing down: session.transcription.model is "none"'
        yield document.finding(("outgoing", "early_media"), text, Severity.WARNING)
