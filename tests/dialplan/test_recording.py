"""``[recording]``: what it may say, and what it must not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Findings = Callable[[str], list[str]]

AGENT = '[[agents]]\nname = "A"\ninstructions = "x"\ntools = [{}]\n'


def plan(recording: str, tools: str = "") -> str:
    return f'name = "p"\n{AGENT.format(tools)}[recording]\n{recording}\n'


@pytest.mark.parametrize(
    ("recording", "tools"),
    [
        ("enabled = true", ""),
        ('enabled = true\nconsent = "announce"\nannouncement = "Hear, hear."', ""),
        ('enabled = true\nconsent = "ask"\nconsent_key = "1"', ""),
        ('enabled = true\nconsent = "ask"', '"start_recording"'),
        ("enabled = true", '"pause_recording", "resume_recording"'),
        ('enabled = true\nfile_name = "{plan}/{called}_{time}-{call_id}.wav"', ""),
    ],
)
def test_what_a_plan_may_say(findings: Findings, recording: str, tools: str) -> None:
    assert findings(plan(recording, tools)) == []


@pytest.mark.parametrize(
    "name",
    [
        "{call_id}.mp3",
        "/tmp/{call_id}.wav",
        "../{call_id}.wav",
        "a/../{call_id}.wav",
        ".{call_id}.wav",
        "a//{call_id}.wav",
        "{call_id",
        "{call_id}/.wav",
        "{call_id!r}.wav",
    ],
)
def test_a_file_may_be_nowhere_else(findings: Findings, name: str) -> None:
    (finding,) = findings(plan(f"enabled = true\nfile_name = '{name}'"))
    assert "recording.file_name: must name a .wav file below the folder" in finding


def test_a_name_knows_its_fields_and_needs_one(findings: Findings) -> None:
    (finding,) = findings(plan("enabled = true\nfile_name = '{call_id}-{number}.wav'"))
    assert "has no field {number}; known: date, time, call_id" in finding
    (finding,) = findings(plan("enabled = true\nfile_name = '{date}.wav'"))
    assert "must contain {call_id}" in finding


@pytest.mark.parametrize(
    ("recording", "tools", "text"),
    [
        ("", '"pause_recording"', '"pause_recording" needs [recording] enabled = true'),
        ('enabled = true\nconsent = "ask"', "", "and nobody can: no agent has"),
        ("enabled = true", '"start_recording"', 'warning: "start_recording" means nothing'),
        ('announcement = "x"', "", "announcement: warning: means nothing while enabled is false"),
        ('enabled = true\nconsent_key = "1"', "", 'means nothing unless consent is "ask"'),
        ('enabled = true\nannouncement = "x"', "", 'means nothing unless consent is "announce"'),
        ('enabled = true\nconsent_key = "x"', "", "must be one key of the keypad"),
        (
            'enabled = true\nconsent = "announce"\nannouncement_wav = "no.wav"',
            "",
            "recording.announcement_wav: no.wav cannot be used",
        ),
    ],
)
def test_what_makes_no_sense_is_said(
    findings: Findings, recording: str, tools: str, text: str
) -> None:
    (finding,) = findings(plan(recording, tools))
    assert text in finding


def test_a_plan_without_agents_records_nothing(findings: Findings) -> None:
    (finding,) = findings('name = "p"\n[refuse]\n[recording]\nenabled = true\n')
    assert "recording: means nothing: the plan has [refuse]" in finding


def test_the_wav_may_be_beside_the_plan(findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "hear.wav").write_bytes(Path(__file__).read_bytes())
    (finding,) = findings(
        plan('enabled = true\nconsent = "announce"\nannouncement_wav = "hear.wav"')
    )
    assert "is not a WAV file" in finding
