"""``[line]`` of a dialplan: the signalling and the media of its calls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from .model import Model

BACK_AGAIN = "Say in a few words that you are still there, then go on where you were."


Codec = Literal["PCMU", "PCMA", "G722"]


def _each_once(codecs: tuple[Codec, ...]) -> tuple[Codec, ...]:
    if len(set(codecs)) < len(codecs):
        raise ValueError("must name each codec once")
    return codecs


class Line(Model):
    """``[line]``: how calls are answered, and what becomes of them on hold."""

    codecs: Annotated[tuple[Codec, ...], AfterValidator(_each_once)] = ()
    """Best first, before all others of ``sip.codecs``; empty: as the peer prefers."""
    ptime_ms: Literal[20, 30, 40] | None = None
    """Audio of one packet; None: 20, or what the peer asks for."""
    on_resume: str = BACK_AGAIN
    """Instructions of the response when a caller is back from hold; ``""``: they speak first."""
