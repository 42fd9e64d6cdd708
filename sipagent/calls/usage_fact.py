"""Tokens of one response as a fact, by kind (Realtime: ``response.done``, usage). Pure."""

from __future__ import annotations

from sipagent.realtime.usage import Usage

from .facts import UsageReported

_CACHED_TEXT, _CACHED_AUDIO = (
    "cached_tokens_details.text_tokens",
    "cached_tokens_details.audio_tokens",
)


def usage_fact(usage: Usage) -> UsageReported:
    """Return what is told of ``usage``; what is of no known kind counts as text."""
    read, made = usage.input_token_details, usage.output_token_details
    audio_in, audio_out = read.get("audio_tokens", 0), made.get("audio_tokens", 0)
    cached_audio = min(read.get(_CACHED_AUDIO, 0), audio_in)
    text_in = max(0, usage.input_tokens - audio_in)
    # Endpoints that do not say of what kind what is cached is, cache text.
    cached_text = read.get(_CACHED_TEXT, read.get("cached_tokens", 0) - cached_audio)
    cached_text = min(max(0, cached_text), text_in)
    return UsageReported(
        usage.input_tokens,
        usage.output_tokens,
        text_tokens_in=text_in - cached_text,
        audio_tokens_in=audio_in - cached_audio,
        cached_text_tokens_in=cached_text,
        cached_audio_tokens_in=cached_audio,
        text_tokens_out=max(0, usage.output_tokens - audio_out),
        audio_tokens_out=audio_out,
    )
