"""The pipe between processes: whether it has room."""

from __future__ import annotations

import multiprocessing

from sipagent.ops.channel import Channel, FactsTold, FactTold, Message

BATCH = FactsTold((FactTold("c", 0.0, "CallerSaid", {"text": "x" * 60_000}),))


async def test_who_does_not_read_is_known_before_anybody_would_wait() -> None:
    ours, theirs = multiprocessing.Pipe()
    heard: list[Message] = []
    sender, sent = Channel(ours, heard.append), 0
    try:
        while sender.has_room:
            sender.send(BATCH)
            sent += 1
        assert 1 <= sent <= 4
        for _ in range(sent):
            assert theirs.recv() == BATCH
        assert sender.has_room
        theirs.close()
        sender.close()
        assert sender.has_room  # what is sent is lost at once
    finally:
        sender.close()
        theirs.close()
