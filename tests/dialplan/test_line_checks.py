from __future__ import annotations

from collections.abc import Callable

Findings = Callable[[str], list[str]]

AGENT = '[[agents]]\nname = "A"\ninstructions = "x"\n'
LINE = '[line]\nearly_media = "greeting"\n'


def test_a_greeting_before_the_answer_needs_a_greeting(findings: Findings) -> None:
    assert findings('name = "p"\n' + AGENT + LINE) == [
        "plan.toml:6: line.early_media: needs session.greeting, which says what the agent greets"
        " with"
    ]
    greets = '[session]\ngreeting = "Greet."\n'
    assert findings('name = "p"\n' + AGENT + LINE + greets) == []


def test_nothing_comes_before_an_announcement_that_must_come_first(findings: Findings) -> None:
    tables = '[session]\ngreeting = "Greet."\n[recording]\nenabled = true\nconsent = "announce"\n'
    (finding,) = findings('name = "p"\n' + AGENT + LINE + tables)
    assert "line.early_media: cannot come before the announcement" in finding


def test_a_limit_of_what_is_not_played_means_nothing(findings: Findings) -> None:
    (finding,) = findings('name = "p"\n' + AGENT + "[line]\nanswer_after_s = 2\n")
    assert "line.answer_after_s: warning: means nothing while early_media is none" in finding


def test_a_file_that_is_not_there_is_named(findings: Findings) -> None:
    (finding,) = findings('name = "p"\n' + AGENT + '[line]\nearly_media = "ring.wav"\n')
    assert "line.early_media: ring.wav cannot be used" in finding


def test_a_codec_twice_is_a_mistake(findings: Findings) -> None:
    (finding,) = findings('name = "p"\n' + AGENT + '[line]\ncodecs = ["PCMU", "PCMU"]\n')
    assert "line.codecs: must name each codec once" in finding
