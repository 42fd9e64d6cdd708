"""``[[guardrails]]`` of a dialplan: what agents must not say, and what they say instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from .judge import Judge
from .model import Model, Text, ToolName
from .patterns import compiled
from .tools import PythonPath

_EXACT = re.compile(r"\s*say exactly\s*:\s*(?P<words>.+)", re.IGNORECASE | re.DOTALL)


def _pattern(text: str) -> str:
    if compiled(text, ignores_case=True).search("") is not None:
        raise ValueError("matches everything: it finds something in no text at all")
    return text


class Guardrail(Model):
    """One of ``[[guardrails]]``: ``phrases``, ``patterns`` or both; or ``python``; or ``judge``."""

    name: ToolName
    """What agents call it, and metrics."""
    phrases: tuple[Text, ...] = ()
    """Blocked in any case, as whole words."""
    patterns: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()
    """Regular expressions, blocked wherever one matches, in any case."""
    python: PythonPath | None = None
    """``file.py:function``: takes the text so far, returns what is wrong with it, or nothing."""
    judge: Judge | None = None
    """A model that says whether callers may hear it."""
    policy_hint: str = ""
    """Why, for the model; the name when empty."""
    instead: Text | None = None
    """Instructions of the answer that follows; None: the model is asked for another subject."""

    @model_validator(mode="after")
    def _has_one_check(self) -> Self:
        has_words = bool(self.phrases or self.patterns)
        if [has_words, self.python is not None, self.judge is not None].count(True) != 1:
            raise ValueError("needs phrases, patterns or both; or python; or judge")
        exact = _EXACT.fullmatch(self.instead or "")
        if exact is not None and any(find(exact["words"]) for find in self.finders()):
            raise ValueError("instead would be blocked itself, again and again")
        return self

    def finders(self) -> tuple[Callable[[str], Any], ...]:
        """Return what finds the phrases, and the patterns, in a text."""
        found = [phrase_finder(self.phrases)] if self.phrases else []
        return (*found, *(compiled(each, ignores_case=True).search for each in self.patterns))


def phrase_finder(phrases: Sequence[str]) -> Callable[[str], re.Match[str] | None]:
    """Return what finds one of ``phrases``, whatever stands between its words."""
    spoken = "|".join(r"\W+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{spoken})(?!\w)", re.IGNORECASE).search
