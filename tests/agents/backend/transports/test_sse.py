"""Server-sent events out of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.backend.transports.sse import ServerSentEvent, SseParser
from sipagent.errors import ModelError


def parsed(*chunks: bytes) -> list[ServerSentEvent]:
    """Return the events of a stream that came in ``chunks``."""
    parser = SseParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [ServerSentEvent("a")]),
        (b"data:a\r\n\r\n", [ServerSentEvent("a")]),
        (b"data:  a\r\r", [ServerSentEvent(" a")]),
        (b"data: a\ndata: b\n\n", [ServerSentEvent("a\nb")]),
        (b"data\n\n", [ServerSentEvent("")]),
        (b"data: \xff\n\n", [ServerSentEvent("\ufffd")]),
        (b"data: \xc3\xa9\n\n", [ServerSentEvent("é")]),
        (b"\xef\xbb\xbfdata: a\n\n", [ServerSentEvent("a")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [ServerSentEvent("a", "x"), ServerSentEvent("b")]),
        (b"event: x\n\ndata: b\n\n", [ServerSentEvent("b")]),
        (b": ping\n\nid: 1\nretry: 5\ndatum: c\ndata: a:b\n\n", [ServerSentEvent("a:b")]),
        (b"data: a\n", []),
        (b"data: a\n\ndata: lost", [ServerSentEvent("a")]),
        (b"\n\n\n", []),
        ("data: a\u2028b\x0bc\x85d\n\n".encode(), [ServerSentEvent("a\u2028b\x0bc\x85d")]),
    ],
)
def test_events_are_read_as_the_standard_says(stream: bytes, events: list[object]) -> None:
    assert parsed(stream) == events


def test_a_byte_order_mark_means_nothing_but_at_the_beginning() -> None:
    assert parsed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [ServerSentEvent("a")]


def test_a_line_end_that_is_cut_in_two_is_one() -> None:
    assert parsed(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == [ServerSentEvent("a\nb")]


def test_an_event_is_told_with_its_last_byte() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\n") == [ServerSentEvent("a")]


LINES = st.sampled_from(
    [
        b"data: one",
        b"data:two",
        b"data",
        b"event: kind",
        b"event",
        b": ping",
        b"id: 7",
        b"",
        b"",
        b"\xef\xbb\xbf",
        b"data: \xf0\x9f\x98\x80 \xff",
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]))).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@given(STREAMS, st.data())
def test_however_the_bytes_are_cut_the_events_are_the_same(
    stream: bytes, choices: st.DataObject
) -> None:
    cuts = choices.draw(st.lists(st.integers(0, len(stream))).map(sorted))
    starts, ends = [0, *cuts], [*cuts, len(stream)]
    chunks = [stream[start:end] for start, end in zip(starts, ends, strict=True)]
    assert parsed(*chunks) == parsed(stream)


@given(STREAMS)
def test_the_events_are_those_of_a_reader_that_has_it_all(stream: bytes) -> None:
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events = []
    for block in text.split(b"\n\n")[:-1] if b"\n\n" in text else []:
        fields = [line.partition(b":") for line in block.split(b"\n")]
        lines = [value.removeprefix(b" ") for name, _, value in fields if name == b"data"]
        names = [value.removeprefix(b" ") for name, _, value in fields if name == b"event"]
        if lines:
            name = names[-1].decode() if names else ""
            events.append(ServerSentEvent(b"\n".join(lines).decode("utf-8", "replace"), name))
    assert parsed(stream) == events


@given(st.lists(st.binary()))
def test_no_bytes_upset_it(chunks: list[bytes]) -> None:
    assert parsed(*chunks) == parsed(b"".join(chunks))


@pytest.mark.parametrize("chunk", [b"data: aaa", b"data: a\n", b": ping\n"])
def test_an_event_that_never_ends_is_an_error(chunk: bytes) -> None:
    parser = SseParser(max_event_bytes=20)
    with pytest.raises(ModelError):
        for _ in range(4):
            parser.feed(chunk)


def test_many_short_events_are_no_long_one() -> None:
    parser = SseParser(max_event_bytes=20)
    assert sum(len(parser.feed(b"data: aaaa\n\n")) for _ in range(9)) == 9
