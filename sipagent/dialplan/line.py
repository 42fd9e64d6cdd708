"""``[line]`` of a dialplan: the signalling and the media of its calls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .model import FileBeside, Model

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
    early_media: FileBeside = "none"
    """What is heard before the answer (183): ``none``, the agent's ``greeting``, or a WAV file."""
    answer_after_s: Annotated[float, Field(ge=0, le=60)] | None = None
    """How much of it comes before the answer; None: all."""
    on_resume: str = BACK_AGAIN
    """Instructions of the response when a caller is back from hold; ``""``: they speak first."""

    @property
    def early_wav(self) -> str | None:
        """The file of ``early_media``, None if it is none."""
        return None if self.early_media in {"none", "greeting"} else self.early_media
