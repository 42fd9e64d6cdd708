"""A flight record as a zip: the page, the transcript, the timeline, the SIP, the recording."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import IO

from sipagent.ops.transcript import transcript_line

from .page import flight_page
from .pcap import sip_pcap
from .record import Flight, json_of

RECORDING = "recording.wav"
IN_MEMORY_BYTES = 8 * 1024 * 1024
"""Larger ones are made in a temporary file."""


def flight_zip(flight: Flight, recordings: Path) -> IO[bytes]:
    """Return the zip, to be read from its beginning and closed by whoever asked; blocks.

    Args:
        flight: What happened.
        recordings: Folder of recordings; files elsewhere are not taken.
    """
    wav = recording_of(flight, recordings)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - the caller's
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        page = flight_page(flight, recording=RECORDING if wav else "")
        bundle.writestr("index.html", page.encode(errors="replace"))
        bundle.writestr("transcript.txt", transcript(flight).encode(errors="replace"))
        bundle.writestr("timeline.json", json_of(flight))
        if flight.sip:
            bundle.writestr("sip.pcap", sip_pcap(flight.sip, flight.local, flight.began_at))
        if wav is not None:
            bundle.write(wav, RECORDING, zipfile.ZIP_STORED)
    file.seek(0)
    return file


def transcript(flight: Flight) -> str:
    """Return what was said and done, as lines."""
    entries = ({"fact": each.name, "at": each.at, **each.fields} for each in flight.facts)
    lines = (transcript_line(entry, 0.0) for entry in entries)
    return "".join(f"{line}\n" for line in lines if line is not None)


def recording_of(flight: Flight, recordings: Path) -> Path | None:
    """Return the file of a call's recording, None if there is none below ``recordings``."""
    for each in flight.named("CallRecorded"):
        path = Path(str(each.fields.get("path", "")))
        folder = recordings.resolve()
        file = (path if path.is_absolute() else Path.cwd() / path).resolve()
        if folder in file.parents and file.is_file():
            return file
    return None
