"""``[session]`` of a dialplan: how the session is set up, and how the call is conducted.

What is not given is not sent, so that the endpoint's own default holds, unless a default is named.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .hours import Zone
from .model import FileBeside, Model, Text


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", text):
        raise ValueError('must be a language of ISO 639, such as "en" or "de"')
    return text


class TurnDetection(Model):
    """Who decides, and how, that the caller has finished speaking."""

    type: Literal["server_vad", "semantic_vad", "none"] = "server_vad"
    """``none``: the endpoint never answers by itself."""
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """``server_vad``: how sure of a voice it must be."""
    prefix_padding_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """``server_vad``: audio kept from before the voice."""
    silence_duration_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """``server_vad``: silence that ends the caller's turn."""
    idle_timeout_ms: Annotated[int, Field(ge=5_000, le=30_000)] | None = None
    """``server_vad``: silence after which the agent speaks up."""
    eagerness: Literal["auto", "low", "medium", "high"] | None = None
    """``semantic_vad``: how soon a turn counts as finished."""


TURN_DETECTION_KEYS: dict[str, frozenset[str]] = {
    "server_vad": frozenset(
        {"threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms"}
    ),
    "semantic_vad": frozenset({"eagerness"}),
    "none": frozenset(),
}
"""Which keys of :class:`TurnDetection` mean something to which type."""


RECONNECT_KEYS = frozenset({"reconnect_within_s", "filler", "filler_wav"})
"""Which keys of :class:`SessionSettings` mean something only when sessions are replaced."""


class Transcription(Model):
    """How the caller's words are written down; the model itself does not need it."""

    model: Text = "gpt-4o-mini-transcribe"
    """``none`` turns it off."""
    language: Annotated[str, AfterValidator(_language)] | None = None
    """Of the caller; None: recognised."""


class SessionSettings(Model):
    """How the session is set up, and how the call is conducted."""

    model: Text | None = None
    """Instead of the configuration's ``realtime.model``."""
    voice: Text | None = None
    """Of every agent; an agent's own voice counts only when this is not given."""
    speed: Annotated[float, Field(ge=0.25, le=1.5)] | None = None
    """Of speech."""
    max_output_tokens: Annotated[int, Field(ge=1, le=4_096)] | None = None
    """Of one answer."""
    greeting: str = ""
    """Instructions of the first response; ``""`` lets the caller speak first."""
    zone: Zone | None = None
    """Of ``{{date}}`` and ``{{time}}``; None: that of ``match.hours``, else this machine's."""
    turn_detection: TurnDetection | None = None
    """Who decides that the caller has finished; None: the server's VAD."""
    transcription: Transcription = Transcription()
    """How the caller's words are written down."""
    noise_reduction: Literal["near_field", "far_field", "none"] = "none"
    """What kind of microphone callers speak into."""
    prompt_id: Text | None = None
    """Of a prompt stored at the provider."""
    script: FileBeside | None = None
    """``front-desk`` names ``front-desk.script.toml`` beside the plan, for the embedded engine."""
    barge_in: bool = True
    """Whether the caller can interrupt."""
    barge_in_confirm_ms: Annotated[int, Field(ge=0, le=5_000)] = 0
    """Continuous caller speech that interrupts; 0: the first sign of it."""
    guardrail_every_chars: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How many more characters of an answer have it checked again; its end always is."""
    hold_ms: Annotated[int, Field(ge=0, le=5_000)] = 0
    """How long the agent's audio waits before it is heard, so that a check can come first."""
    hold_until_checked: bool = False
    """Let nothing be heard that guardrails have not passed; agents without any are not held."""
    ready_within_s: Annotated[float, Field(gt=0, le=60)] = 3.0
    """How long the caller may hear ringing while the session is set up."""
    apology: Text = "Sorry, we cannot take your call."
    """Spoken when the endpoint fails, see ``[fallback]``; short, since it is the last thing."""
    apology_wav: FileBeside | None = None
    """A WAV file beside the plan, played instead of the spoken apology."""
    reconnect: Annotated[int, Field(ge=0, le=10)] = 3
    """Sessions to try when one is lost during the call, before the apology; 0: none."""
    reconnect_within_s: Annotated[float, Field(gt=0, le=60)] = 1.5
    """How long that may take, if the endpoint does not even refuse."""
    filler: str = "One moment, please."
    """Spoken again and again while there is no session; ``""``: silence."""
    filler_wav: FileBeside | None = None
    """A WAV file beside the plan, played instead."""
    on_approval: str = "Tell the caller that this takes a moment, because somebody must allow it."
    """Instructions of what is said while a person is asked to allow a tool; ``""``: nothing."""
    rotate_margin_s: Annotated[float, Field(gt=0, le=3_600)] = 300.0
    """How long before the endpoint ends a session another one takes over, when nobody speaks."""
