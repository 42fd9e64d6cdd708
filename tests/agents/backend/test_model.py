"""The body of a request."""

from __future__ import annotations

from sipagent.agents.backend.model import ModelRequest

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
INPUT = ({"role": "user", "content": "Hi"},)


def test_what_is_empty_is_left_out() -> None:
    body = ModelRequest("m", "", INPUT).body(stream=True)
    assert body == {"model": "m", "input": list(INPUT), "stream": True}


def test_everything_has_its_place() -> None:
    tool = {"type": "function", "name": "ring"}
    request = ModelRequest("m", "Be brief.", INPUT, (tool,), {"temperature": 0}, None, "resp_1")
    assert request.body(stream=False) == {
        "model": "m",
        "instructions": "Be brief.",
        "input": list(INPUT),
        "tools": [tool],
        "temperature": 0,
        "previous_response_id": "resp_1",
        "stream": False,
    }


def test_a_conversation_is_named() -> None:
    assert (
        ModelRequest("m", "", INPUT, conversation_id="c").body(stream=True)["conversation"] == "c"
    )


def test_the_form_of_the_answer_stands_beside_other_settings_of_the_text() -> None:
    settings = {"text": {"verbosity": "low"}}
    request = ModelRequest("m", "", INPUT, settings=settings, output_schema=SCHEMA)
    form = {"type": "json_schema", "name": "output", "strict": True, "schema": SCHEMA}
    assert request.body(stream=True)["text"] == {"verbosity": "low", "format": form}
    assert settings == {"text": {"verbosity": "low"}}


def test_an_open_form_is_not_called_strict() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    request = ModelRequest("m", "", INPUT, output_schema=schema)
    assert request.body(stream=True)["text"]["format"]["strict"] is False
