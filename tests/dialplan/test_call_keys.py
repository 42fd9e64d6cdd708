"""The keys of a call on record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.call_keys import CallKeys, keys_from_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.builds(
        CallKeys,
        called=TEXT,
        caller=TEXT,
        headers=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
        is_emergency=st.booleans(),
        trunk=TEXT,
        source_address=TEXT,
        at_s=st.floats(0, 4e9),
        call_id=TEXT,
    )
)
def test_keys_come_back_from_json_as_they_were(keys: CallKeys) -> None:
    assert keys_from_json(keys.to_json()) == keys


def test_keys_of_another_version_are_read_as_far_as_they_go() -> None:
    assert keys_from_json('{"called": "1", "moon": "full"}') == CallKeys("1")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"called": 1}'])
def test_what_is_no_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        keys_from_json(text)
