"""What the file of a recording is called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.recording_name import RecordedCall, recording_name

CALL = RecordedCall("c1", "desk", "+4930123", "ada", 86_399.0)


def test_every_field_has_its_place() -> None:
    template = "{date}/{plan}/{time}-{called}-{caller}-{call_id}.wav"
    assert recording_name(template, CALL) == "1970-01-01/desk/235959-+4930123-ada-c1.wav"


def test_a_caller_without_a_number_is_unknown() -> None:
    assert recording_name("{caller}-{call_id}.wav", replace(CALL, caller="")) == "unknown-c1.wav"


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_a_caller_writes_names_no_other_place(called: str, caller: str) -> None:
    call = replace(CALL, called=called, caller=caller)
    name = recording_name("a/{called}/{caller}/{call_id}.wav", call)
    parts = PurePosixPath(name).parts
    assert (len(parts), parts[0], parts[3]) == (4, "a", "c1.wav")
    assert not {".", "..", ""} & set(parts)
    assert not any(part.startswith(".") or "\0" in part for part in parts)
    assert len(name) < 200
