"""``[line]`` of a dialplan: the signalling and the media of its calls."""

from __future__ import annotations

from .model import Model

BACK_AGAIN = "Say in a few words that you are still there, then go on where you were."


class Line(Model):
    """``[line]``: how calls are answered, and what becomes of them on hold."""

    on_resume: str = BACK_AGAIN
    """Instructions of the response when a caller is back from hold; ``""``: they speak first."""
