"""Writing a recording: both sides, one write at a time, and nobody's trouble when it fails."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.wav import WavWriter
from sipagent.calls import recorder as recorder_module
from sipagent.calls.recorder import CallRecorder, Recorded
from sipagent.sip.media_port import MediaPort

FULL_DISK = Path("/dev/full")


def frame(value: int) -> Pcm:
    return np.full(160, value, np.int16)


@pytest.fixture
async def media() -> MediaPort:
    """Return a port whose clock is the test."""
    return MediaPort(8_000, asyncio.get_running_loop(), lambda _: None)


def talk(media: MediaPort, caller: int, agent: int) -> None:
    """Let both sides say one frame."""
    media.give_inbound(frame(caller))
    media.push("a", frame(agent))
    media.take_outbound()


def read(path: Path) -> list[list[int]]:
    """Return the first sample of each frame, both sides."""
    with wave.open(str(path)) as reader:
        assert (reader.getnchannels(), reader.getframerate()) == (2, 8_000)
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    both: list[list[int]] = samples[::160].tolist()
    return both


async def test_the_caller_is_left_and_the_agent_right(tmp_path: Path, media: MediaPort) -> None:
    path = tmp_path / "new" / "folder" / "a.wav"
    recorder = CallRecorder(path, media)
    recorder.start()
    running = asyncio.get_running_loop().create_task(recorder.run(), name="recorder")
    await asyncio.sleep(0)
    talk(media, 1, 7)
    talk(media, 2, 8)
    running.cancel()
    assert not path.exists()
    digest = await recorder.close()
    assert read(path) == [[1, 7], [2, 8]]
    assert digest == Recorded(path, 40, hashlib.sha256(path.read_bytes()).hexdigest())
    assert [each.name for each in path.parent.iterdir()] == ["a.wav"]
    assert path.stat().st_mode & 0o007 == 0


async def test_the_file_is_told_once_there_is_one(
    tmp_path: Path, media: MediaPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "WRITE_INTERVAL_S", 0.0)
    told: list[Path] = []
    recorder = CallRecorder(tmp_path / "a.wav", media, told.append)
    recorder.start()
    running = asyncio.get_running_loop().create_task(recorder.run(), name="recorder")
    await asyncio.sleep(0.01)
    assert told == []
    for _ in range(3):
        talk(media, 1, 7)
        while not told:
            await asyncio.sleep(0)
    running.cancel()
    assert told == [tmp_path / "a.wav.part"]
    assert told[0].exists()
    await recorder.close()


async def test_a_side_is_silent_from_the_frame_on_in_which_it_was_muted(
    tmp_path: Path, media: MediaPort
) -> None:
    recorder = CallRecorder(tmp_path / "a.wav", media)
    recorder.start()
    talk(media, 1, 7)
    recorder.mute(caller=True, agent=False)
    talk(media, 2, 8)
    recorder.mute(caller=False, agent=False)
    talk(media, 3, 9)
    assert await recorder.close()
    assert read(tmp_path / "a.wav") == [[1, 7], [0, 8], [3, 9]]


async def test_what_was_said_after_a_hold_is_where_it_was_said(
    tmp_path: Path, media: MediaPort
) -> None:
    recorder = CallRecorder(tmp_path / "a.wav", media)
    recorder.start()
    talk(media, 1, 7)
    for _ in range(20):  # held: nothing goes out
        media.give_inbound(frame(2))
    media.push("a", frame(8))
    media.take_outbound()
    media.give_inbound(frame(3))
    assert recorder.complete_ms == 22 * 20
    await recorder.close()
    assert read(tmp_path / "a.wav") == [[1, 7], *[[2, 0]] * 20, [3, 8]]


async def test_a_call_without_a_frame_leaves_no_file(tmp_path: Path, media: MediaPort) -> None:
    recorder = CallRecorder(tmp_path / "a.wav", media)
    recorder.start()
    assert not await recorder.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_full", [True, False])
async def test_a_disk_that_takes_nothing_is_said_once_and_raises_nothing(
    tmp_path: Path, media: MediaPort, caplog: pytest.LogCaptureFixture, is_full: bool
) -> None:
    path = tmp_path / "a.wav" if is_full else Path(__file__) / "a.wav"
    if is_full:
        path.with_name("a.wav.part").symlink_to(FULL_DISK)
    recorder = CallRecorder(path, media)
    recorder.start()
    talk(media, 1, 7)
    recorded = await recorder.close()
    assert recorded is not None
    assert (recorded.path.name, recorded.sha256) == ("a.wav.part", "")
    assert recorded.error
    ours = [record for record in caplog.records if record.name.startswith("sipagent")]
    assert [record.message.split(":")[0] for record in ours] == [f"recording {path} ends here"]


async def test_after_a_failed_write_nothing_more_is_tried(
    tmp_path: Path, media: MediaPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()
    loop = asyncio.get_running_loop()

    def write(*_: object) -> None:
        loop.call_soon_threadsafe(tried.set)
        raise OSError("no space left on device")

    monkeypatch.setattr(recorder_module, "WRITE_INTERVAL_S", 0)
    monkeypatch.setattr(WavWriter, "write", write)
    recorder = CallRecorder(tmp_path / "a.wav", media)
    recorder.start()
    running = loop.create_task(recorder.run(), name="recorder")
    await asyncio.sleep(0)
    talk(media, 1, 7)
    await tried.wait()
    monkeypatch.undo()
    talk(media, 2, 8)
    running.cancel()
    recorded = await recorder.close()
    assert recorded == Recorded(tmp_path / "a.wav.part", 40, "", "no space left on device")
    assert (tmp_path / "a.wav.part").stat().st_size <= 44


async def test_the_end_of_the_call_waits_for_the_write_under_way(
    tmp_path: Path, media: MediaPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, began, may_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    write_now = WavWriter.write

    def write(writer: WavWriter, pcm: Pcm) -> None:
        loop.call_soon_threadsafe(began.set)
        may_end.wait()
        write_now(writer, pcm)

    monkeypatch.setattr(recorder_module, "WRITE_INTERVAL_S", 0)
    monkeypatch.setattr(WavWriter, "write", write)
    recorder = CallRecorder(tmp_path / "a.wav", media)
    recorder.start()
    running = loop.create_task(recorder.run(), name="recorder")
    await asyncio.sleep(0)
    talk(media, 1, 7)
    await began.wait()
    running.cancel()
    talk(media, 2, 8)
    monkeypatch.setattr(WavWriter, "write", write_now)
    closing = loop.create_task(recorder.close(), name="close")
    await asyncio.sleep(0)
    may_end.set()
    assert await closing
    assert read(tmp_path / "a.wav") == [[1, 7], [2, 8]]
