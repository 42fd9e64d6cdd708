"""What one side encodes, the other decodes to the same event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from sipagent.wire.beta import BETA_NAMES
from sipagent.wire.client import CLIENT_EVENTS
from sipagent.wire.codec import decode_client, decode_server, encode
from sipagent.wire.events import Event, Json, UnknownEvent
from sipagent.wire.server import SERVER_EVENTS, ErrorDetail

KNOWN = CLIENT_EVENTS | SERVER_EVENTS
WHOLE = st.integers(min_value=0, max_value=2**63 - 1)
KEYS = st.text().map("x_{}".format)
"""Of objects: none that the beta had, for those are read as others."""
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | WHOLE
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=3),
    max_leaves=5,
)
OBJECTS: st.SearchStrategy[Json] = st.dictionaries(KEYS, JSON_VALUES, max_size=4)


def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Draw instances of ``model`` in which any optional field may be left out."""
    fields = {name: VALUES[field.annotation] for name, field in model.model_fields.items()}
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: fields[name] for name in fields.keys() - required},
    ).map(lambda given_fields: model(**given_fields))


VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: WHOLE,
    float: st.floats(allow_nan=False, allow_infinity=False),
    Json: OBJECTS,
    list[Json]: st.lists(OBJECTS, max_size=3),
    str | None: st.none() | st.text(),
    list[Json] | None: st.none() | st.lists(OBJECTS, max_size=3),
}
VALUES[ErrorDetail] = models(ErrorDetail)


@pytest.mark.parametrize("name", sorted(KNOWN))
@settings(max_examples=25)
@given(data=st.data())
def test_an_event_survives_the_wire(name: str, data: st.DataObject) -> None:
    event: Event = data.draw(models(KNOWN[name]))
    read = (decode_client if name in CLIENT_EVENTS else decode_server)(encode(event))
    assert read == event
    assert read.model_fields_set == event.model_fields_set


@given(name=st.text().filter(lambda name: name not in KNOWN | BETA_NAMES), fields=OBJECTS)
def test_an_event_nobody_knows_survives_the_wire(name: str, fields: Json) -> None:
    raw = {**fields, "type": name}
    read = decode_server(encode(UnknownEvent(type=name, raw=raw)))
    assert isinstance(read, UnknownEvent)
    assert (read.type, read.raw) == (name, raw)
