"""Flight records as files and as zips."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from sipagent.errors import SipAgentError
from sipagent.ops.flight.bundle import flight_zip
from sipagent.ops.flight.record import Noted, Sip, flight_path, read_flight, write_flight
from sipagent.redaction import REDACTION

from .made import INVITE, flight


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = flight_path(tmp_path / "new", "c0ffee")
    write_flight(path, flight())
    assert read_flight(path) == flight()
    assert path.stat().st_mode & 0o007 == 0
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_digits_that_are_hidden_are_not_written(tmp_path: Path) -> None:
    told = Noted(0.0, "CallerSaid", {"text": "it is 4111 1111 1111 1111"})
    REDACTION.hide("4111111111111111")
    try:
        write_flight(tmp_path / "x", replace(flight(), facts=(told,)))
    finally:
        REDACTION.reveal("4111111111111111")
    assert b"1111" not in gzip.decompress((tmp_path / "x").read_bytes())


@pytest.mark.parametrize("call_id", ["", "../../etc/passwd", "a/b", "ä", "x" * 65])
def test_what_is_no_call_id_names_no_file(tmp_path: Path, call_id: str) -> None:
    with pytest.raises(SipAgentError, match="is no call id"):
        flight_path(tmp_path, call_id)


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b"{")],
    ids=["empty", "no gzip", "no object", "no JSON"],
)
def test_what_is_no_record_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(SipAgentError, match="is no flight record"):
        read_flight(tmp_path / "x")


def test_the_zip_has_page_transcript_timeline_sip_and_recording(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    (recordings / "x.wav").write_bytes(b"RIFF")
    recorded = Noted(9.0, "CallRecorded", {"path": str(recordings / "x.wav")})
    made = replace(flight(), facts=(*flight().facts, recorded))
    with flight_zip(made, recordings) as file, zipfile.ZipFile(file) as bundle:
        assert bundle.read("recording.wav") == b"RIFF"
        assert "recording.wav" in bundle.read("index.html").decode()
        assert "Reception: Good morning." in bundle.read("transcript.txt").decode()
        assert INVITE.encode() in bundle.read("sip.pcap")
        assert b'"CallOffered"' in bundle.read("timeline.json")


def test_bytes_that_are_no_text_cost_no_record(tmp_path: Path) -> None:
    invite = "INVITE sip:a SIP/2.0\r\nSubject: \udcff\r\n\r\n"  # as PJSIP's bindings have it
    made = replace(flight(), sip=(Sip(0.0, "in", "192.0.2.1:5060", invite),))
    write_flight(tmp_path / "x", made)
    assert read_flight(tmp_path / "x") == made
    with flight_zip(read_flight(tmp_path / "x"), tmp_path) as file, zipfile.ZipFile(file) as bundle:
        assert b"Subject: \xff\r\n" in bundle.read("sip.pcap")
        assert "Subject: ?" in bundle.read("index.html").decode()


def test_a_file_elsewhere_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"RIFF")
    recorded = Noted(9.0, "CallRecorded", {"path": str(tmp_path / "secret")})
    made = replace(flight(), facts=(recorded,), sip=())
    with flight_zip(made, tmp_path / "recordings") as file, zipfile.ZipFile(file) as bundle:
        assert sorted(bundle.namelist()) == ["index.html", "timeline.json", "transcript.txt"]
