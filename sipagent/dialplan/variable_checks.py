"""Checks that variables in a plan's texts are spelt as they are known. Pure.

Whoever asks for a call may give it variables of any name, so that only what nearly has a known name
is pointed out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from .documents import Document
from .findings import Finding, Severity
from .models import Dialplan
from .toml_lines import KeyPath
from .variables import CALL_VARIABLES, variable_names

CLOSENESS = 0.75
"""Of names, as ``difflib`` has it: one letter too few, too many or wrong in a short word."""


def check_variables(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return a warning for each variable that is probably misspelt."""
    for path, text in _texts(plan):
        for name in variable_names(text):
            if name in CALL_VARIABLES:
                continue
            close = difflib.get_close_matches(name.lower(), CALL_VARIABLES, 1, CLOSENESS)
            if close:
                said = f'{{{{{name}}}}} is nothing that every call has (did you mean "{close[0]}"?)'
                yield document.finding(path, said, Severity.WARNING)


def _texts(plan: Dialplan) -> Iterator[tuple[KeyPath, str]]:
    yield ("session", "greeting"), plan.session.greeting
    for index, agent in enumerate(plan.agents):
        yield ("agents", index, "instructions"), agent.instructions
    yield ("outgoing", "voicemail", "message"), plan.outgoing.voicemail.message
