from __future__ import annotations

from collections.abc import Callable

Findings = Callable[[str], list[str]]

PLAN = 'name = "p"\n[[agents]]\nname = "A"\ninstructions = "x"\n'
HANGS_UP = '[outgoing.voicemail]\naction = "hang_up"\n'
SCREENING = '[outgoing.screening]\nsay = "Say who calls."\n'
UNWRITTEN = '[session.transcription]\nmodel = "none"\n'


def test_an_answer_to_assistants_is_fine_where_machines_are_minded(findings: Findings) -> None:
    assert findings(PLAN + HANGS_UP + SCREENING) == []


def test_an_agent_that_answers_machines_needs_no_other_answer(findings: Findings) -> None:
    (finding,) = findings(PLAN + SCREENING)
    assert 'outgoing.screening.say: warning: means nothing while voicemail.action is "' in finding


def test_who_is_known_by_words_must_be_written_down(findings: Findings) -> None:
    (finding,) = findings(PLAN + HANGS_UP + SCREENING + UNWRITTEN)
    assert "outgoing.screening.say: knows nobody by their words: session.transcription" in finding


def test_phrases_without_an_answer_mean_nothing(findings: Findings) -> None:
    (finding,) = findings(PLAN + '[outgoing.screening]\nphrases = ["who is it"]\n')
    assert "outgoing.screening.phrases: warning: means nothing without say" in finding


def test_what_is_heard_before_the_answer_is_to_be_written_down(findings: Findings) -> None:
    listens = '[outgoing]\nearly_media = "listen"\n'
    assert findings(PLAN + listens) == []
    (finding,) = findings(PLAN + listens + UNWRITTEN)
    assert "outgoing.early_media: warning: writes nothing down" in finding
