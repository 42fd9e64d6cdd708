"""Assistants that ask who calls are known by their words."""

from __future__ import annotations

import pytest

from sipagent.calls.screening import is_screening
from sipagent.dialplan.outgoing import SCREENING_PHRASES


@pytest.mark.parametrize(
    "said",
    [
        "Hi, the person you're calling is using a screening service from Google, and will get a"
        " copy of this conversation. Go ahead and say your name, and why you're calling.",
        "Hi. If you record your name and reason for calling, I\u2019ll see if this person is"
        " available.",
        "please state your name and why you are calling",
        "Why you\u2019re calling?",
        "Bitte nennen Sie Ihren Namen und den Grund Ihres Anrufs.",
        "Veuillez indiquer votre nom et le motif de votre appel.",
        "Diga su nombre y el motivo de su llamada.",
    ],
)
def test_a_question_of_an_assistant_is_known(said: str) -> None:
    assert is_screening(said, SCREENING_PHRASES)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Please leave your name, your number and the reason for your call after the tone.",
        "State your name and leave a message.",
        "You have reached the mailbox of Ada; record your name.",
        "Bitte hinterlassen Sie Ihren Namen und eine Nachricht.",
        "Hello, Ada speaking.",
        "Unstated. Your names?",
    ],
)
def test_voicemails_and_people_are_not_taken_for_one(said: str) -> None:
    assert not is_screening(said, SCREENING_PHRASES)


def test_a_plan_may_have_phrases_of_its_own() -> None:
    assert is_screening("Wer ist da, und was wollen Sie?", ("wer ist da",))
    assert not is_screening("Wer ist dabei?", ("wer ist da", " "))
