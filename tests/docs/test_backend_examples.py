"""Every example of the text agents' page runs, and does what the page says it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .examples import EXAMPLES, output_of


@pytest.fixture
def base_url(engine: str) -> str:
    """Return where the engine's text models are."""
    return engine.replace("ws://", "http://").removesuffix("/realtime")


def printed(name: str, folder: Path, base_url: str) -> list[str]:
    """Run an example; return the lines it prints."""
    return output_of(name, folder, "", OPENAI_BASE_URL=base_url, OPENAI_API_KEY="any")


def test_a_question_is_answered(base_url: str, tmp_path: Path) -> None:
    answer, figures = printed("backend_quick_start", tmp_path, base_url)
    assert answer == "agent: Good morning."
    counted = re.fullmatch(r"(\d+) tokens", figures)
    assert counted is not None, figures
    assert int(counted[1]) > 0


def test_a_run_is_followed_stopped_and_gone_on_with(base_url: str, tmp_path: Path) -> None:
    said = "The shop is open ten to two on sunday"
    assert printed("backend_streaming", tmp_path, base_url) == [
        'called: opening_hours {"day": "sunday"}',
        f"answered: {said}",
        *(f"text: {part}" for part in re.findall(r"\s?\S+", said)),
        f"final: {said}",
        "Good morning.",
        "so far: one",
        "cancelled: True",
        "final: one two three",
    ]


def test_a_person_decides_about_a_saved_run(base_url: str, tmp_path: Path) -> None:
    *waiting, answer = printed("backend_approvals", tmp_path, base_url)
    assert waiting == [
        'waits: refund {"order": "A2", "euros": 50}',
        'waits: refund {"order": "A3", "euros": 1000}',
    ]
    sent = [
        f"{euros} euros of {order} are on their way;" for euros, order in ((5, "A1"), (50, "A2"))
    ]
    assert answer == " ".join(["agent:", *sent, "A3 is too much to give back."])
    assert "$schemaVersion" in (tmp_path / "run.json").read_text()


def test_another_agent_goes_on_and_knows_why(base_url: str, tmp_path: Path) -> None:
    *first, now, last = printed("backend_handoff", tmp_path, base_url)
    assert sorted(first) == ["complaint about noise", "wanted: complain"]
    assert (now, last) == ("now: Complaints", "ended with Complaints")


def test_an_answer_has_a_form_or_is_replaced(base_url: str, tmp_path: Path) -> None:
    assert printed("backend_structured", tmp_path, base_url) == [
        "7 degrees in Ulm",
        "refused: the final output: degrees: Field required",
        "instead: city='nowhere' degrees=0",
    ]


def test_guardrails_keep_things_in_and_out(base_url: str, tmp_path: Path) -> None:
    assert printed("backend_guardrails", tmp_path, base_url) == [
        "agent: Hello.",
        "not asked: homework {'seen': 'homework'}",
        "not told: prices",
    ]


def test_a_conversation_goes_on_in_each_way(base_url: str, tmp_path: Path) -> None:
    assert printed("backend_continuing", tmp_path, base_url) == [
        "history: Hello again. 4 items",
        "session: Hello again. 4 items",
        "response: Hello again.",
        "conversation: Hello again.",
    ]


def test_every_transport_has_the_same_answer(base_url: str, tmp_path: Path) -> None:
    assert printed("backend_transports", tmp_path, base_url) == [
        "http: ten to two on sunday",
        "websocket: ten to two on sunday",
        "chat: ten to two on sunday",
        "session: one",
        "session: two",
        "too slow: True",
    ]


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    run = set(re.findall(r'printed\("(backend_\w+)"', here))
    assert run == {path.stem for path in EXAMPLES.glob("backend_*.py")}
