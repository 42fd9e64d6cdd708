"""Single keys: types, ranges, typos. Each mistake names its file, line and key."""

from collections.abc import Callable

import pytest

Findings = Callable[[str], list[str]]

HEAD = 'name = "p"\n'
AGENTS = '[[agents]]\nname = "A"\ninstructions = "x"\n'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[match]\ncalled = 5", ":3: match.called: must be an array, not 5"),
        ("[match]\ncalled = []", ":3: match.called: must not be empty"),
        ("[match]\ncalled = [\n'1',\n2]", ":5: match.called[1]: must be text in quotes, not 2"),
        (f"[match]\ncalled = {['1'] * 300}", ":3: match.called: must have at most 200 elements"),
        ("[match]\ncalled = 'sip:x@y'", ":3: match.called: is compared with the user part alone"),
        ("[match]\ncaller = '+49 30'", ":3: match.caller: must not contain spaces"),
        (f"[match]\ncalled = '{'x' * 300}'", ":3: match.called: must be at most 256 char"),
        ("[match]\npriority = '1'", ':3: match.priority: must be a whole number, not "1"'),
        ("[match]\npriority = 1.5", ":3: match.priority: must be a whole number, not 1.5"),
        ("[match.header]\n'X Y' = 'a'", ":2: match.header: 'X Y' is not a header name"),
        ("[match.header]\nX-A = 1", ":3: match.header.X-A: must be an array"),
        ("[sesion]\nvoice = 'x'", ':2: sesion: unknown key (did you mean "session"?); allowed:'),
        ("[session]\nvocie = 'x'", ':3: session.vocie: unknown key (did you mean "voice"?)'),
        ("[session]\nspeed = 9", ":3: session.speed: must be less than or equal to 1.5, not 9"),
        ("[session]\nspeed = nan", ":3: session.speed: must be a finite number"),
        ("[session]\nready_within_s = inf", ":3: session.ready_within_s: must be a finite"),
        ("[session]\nreconnect = 11", ":3: session.reconnect: must be less than or equal to 10"),
        ("[session]\nreconnect_within_s = 0", ":3: session.reconnect_within_s: must be greater"),
        ("[session]\nfiller_wav = '../x.wav'", ":3: session.filler_wav: must name a file"),
        ("[session]\nrotate_margin_s = -1", ":3: session.rotate_margin_s: must be greater"),
        ("[recording]\nenabled = 1", ":3: recording.enabled: must be true or false, not 1"),
        ("[session]\nbarge_in = 'no'", ":3: session.barge_in: must be true or false"),
        ("[session]\nvoice = ' '", ":3: session.voice: must not be empty"),
        ("[session]\nscript = '../x'", ":3: session.script: must name a file beside"),
        ("[session]\napology_wav = '/x.wav'", ":3: session.apology_wav: must name a file"),
        (
            "[fallback]\nnot_ready = 'x'",
            ":3: fallback.not_ready: must be 'apology', 'transfer' or 'refuse', not \"x\"",
        ),
        ("[session]\nturn_detection = 'none'", ":3: session.turn_detection: must be a table"),
        ("[session.turn_detection]\ntype = 'vad'", ":3: session.turn_detection.type: must be"),
        (
            "[session.turn_detection]\nidle_timeout_ms = 1",
            ":3: session.turn_detection.idle_timeout_ms: must be greater than or equal to 5000",
        ),
        ("[session.transcription]\nlanguage = 'English'", ":3: session.transcription.language"),
    ],
)
def test_a_bad_key_is_named(findings: Findings, lines: str, expected: str) -> None:
    (finding,) = findings(f"{HEAD}{lines}\n{AGENTS}")
    assert finding.startswith(f"plan.toml{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["plan.toml: agents: is missing", "plan.toml: name: is missing"]),
        ("name = 'a b'\nagents = []", [":2: agents: must not be empty", ":1: name: must be lett"]),
        ("name = 1\n[agents]\nname = 'x'", [":2: agents: must be an array", ":1: name: must be"]),
        ("name = 'x'\nagents = [1]", [":2: agents[0]: must be a table, not 1"]),
        ("name = 'x'\n[[agents]]\n\nname = '--'", [":4: agents[0].name: must have a letter"]),
        (f"{HEAD}{AGENTS}tools = 'x'", [":5: agents[0].tools: must be an array"]),
        (f"{HEAD}{AGENTS}tools = ['a b']", [":5: agents[0].tools[0]: must be letters"]),
        (f"{HEAD}{AGENTS}[[tools]]", [":5: tools[0].name: is missing"]),
        (
            f"{HEAD}{AGENTS}[[tools]]\nname = 'x'\npython = 'x.py'",
            [':7: tools[0].python: must be "file.py:function"'],
        ),
        (
            f"{HEAD}{AGENTS}[[tools]]\nname = 'x'\npython = '../x.py:f'\ntimeout_s = 0",
            [':7: tools[0].python: must be "file', ":8: tools[0].timeout_s: must be greater than"],
        ),
    ],
)
def test_all_bad_keys_are_named_at_once(findings: Findings, text: str, expected: list[str]) -> None:
    found = findings(text)
    assert len(found) == len(expected)
    for part in expected:
        assert any(part in each for each in found), (part, found)


def test_everything_can_be_written(findings: Findings) -> None:
    text = """
name = "all"
[match]
called = ["+49*", "front"]
caller = "+4917*"
priority = -5
header = { X-Queue = "sales*" }
[session]
model = "gpt-realtime"
voice = "marin"
speed = 1
max_output_tokens = 500
greeting = "Greet."
noise_reduction = "far_field"
prompt_id = "pmpt_1"
barge_in_confirm_ms = 200
ready_within_s = 2
apology = "Sorry."
[fallback]
not_ready = "refuse"
status = 480
[limits]
max_duration_s = 60
[recording]
enabled = true
consent = "announce"
announcement = "We record."
[session.turn_detection]
type = "semantic_vad"
eagerness = "low"
[session.transcription]
model = "none"
language = "de"
[[agents]]
name = "A"
voice = "cedar"
tools = ["hangup"]
"""
    assert findings(text) == []


def test_a_long_value_is_cut_short(findings: Findings) -> None:
    (finding,) = findings(f"{HEAD}{AGENTS}[recording]\nenabled = '{'x' * 500}'")
    assert finding.endswith("xxx...")
    assert len(finding) < 120
