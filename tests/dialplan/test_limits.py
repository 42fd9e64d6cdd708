"""``[limits]``: what it may say, and what it must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Findings = Callable[[str], list[str]]

PLAN = 'name = "p"\n[[agents]]\nname = "A"\ninstructions = "x"\n[limits]\n'


@pytest.mark.parametrize(
    "limits",
    [
        "",
        "max_duration_s = 60\nwarn_before_s = 10\nwarning = 'Say so.'",
        "silence_s = 8\nsilence_prompt = 'Ask.'\nsilence_prompts = 1\ngoodbye = 'Bye.'",
        "silence_s = 8\nsilence_prompts = 0",
        "rtp_timeout_s = 0",
    ],
)
def test_what_a_plan_may_say(findings: Findings, limits: str) -> None:
    assert findings(PLAN + limits) == []


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ("max_duration_s = 60\nwarn_before_s = 60", "warn_before_s: must be less than max_dur"),
        ("max_duration_s = 0", "max_duration_s: must be greater than 0"),
        ("warning = 'x'", "warning: warning: means nothing while warn_before_s is 0"),
        ("silence_prompt = 'x'", "silence_prompt: warning: means nothing while silence_s is 0"),
        (
            "silence_s = 8\nsilence_prompts = 0\nsilence_prompt = 'x'",
            "silence_prompt: warning: means nothing while silence_prompts is 0",
        ),
        ("silence_prompts = -1", "silence_prompts: must be greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_said(findings: Findings, limits: str, text: str) -> None:
    (finding,) = findings(PLAN + limits)
    assert text in finding
