"""Said and heard."""

from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.facts import AgentSaid
from sipagent.calls.turns import AgentTurns, heard_words


def test_an_item_played_whole_was_heard_whole() -> None:
    turns = AgentTurns()
    turns.add_delta("a", "Reception", "Good ")
    turns.add_delta("a", "Reception", "morning.")
    assert turns.finish_transcript("a", "Reception", "Good morning.") is None
    assert turns.played("a", 900) == AgentSaid(
        "a", "Reception", "Good morning.", "Good morning.", 900, False
    )
    assert turns.open_items() == []


def test_a_transcript_later_than_the_sound_is_still_told() -> None:
    turns = AgentTurns()
    turns.add_delta("a", "Reception", "Good ")
    assert turns.played("a", 900) is None
    said = turns.finish_transcript("a", "Reception", "Good morning.")
    assert said is not None and said.heard == "Good morning."


def test_an_interrupted_item_was_heard_in_part_by_whole_words() -> None:
    turns = AgentTurns()
    turns.finish_transcript("a", "Reception", "one two three four")
    said = turns.cut_off("a", 500, 1000)
    assert said is not None
    assert (said.heard, said.interrupted, said.heard_ms) == ("one two", True, 500)


def test_an_item_that_only_lacks_its_transcript_was_not_interrupted() -> None:
    turns = AgentTurns()
    turns.add_delta("a", "Reception", "Good mor")
    assert turns.played("a", 900) is None
    assert turns.cut_off("a", 0, 1) == AgentSaid(
        "a", "Reception", "Good mor", "Good mor", 900, False
    )


def test_an_item_cut_off_before_its_first_sample_was_not_heard() -> None:
    turns = AgentTurns()
    turns.add_delta("a", "Reception", "Good morning.")
    assert turns.cut_off("a", 0, 0) == AgentSaid("a", "Reception", "Good morning.", "", 0, True)


def test_an_item_is_spoken_by_whoever_began_it() -> None:
    turns = AgentTurns()
    turns.add_delta("a", "Reception", "One moment, ")
    turns.add_delta("a", "Billing", "please.")
    assert turns.agent_of("a") == "Reception"
    assert turns.agent_of("b") == ""


def test_an_item_nobody_knows_is_told_by_nobody() -> None:
    assert AgentTurns().played("x", 10) is None
    assert AgentTurns().cut_off("x", 10, 20) is None


@given(st.text(), st.integers(0, 5000), st.integers(0, 5000))
def test_heard_is_always_a_beginning_of_what_was_said(said: str, heard: int, received: int) -> None:
    words = heard_words(said, heard, received)
    assert words == said or said.split()[: len(words.split())] == words.split()
