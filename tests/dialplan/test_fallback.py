"""What is wrong with ``[fallback]``, and where."""

from collections.abc import Callable

import pytest

HEAD = (
    'name = "p"\n[[agents]]\nname = "A"\ninstructions = "x"\n[transfer.targets]\ndesk = "tel:1"\n'
)
BOSS = '[transfer.targets.boss]\nuri = "sip:b@x"\nmode = "attended"\n'


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('lost = "transfer"\ntarget = "desk"', []),
        ('lost = "hang_up"\nerror = "transfer"\nnot_ready = "transfer"\ntarget = "desk"', []),
        (
            'lost = "transfer"',
            ["7: transfer: warning: no agent has", "10: fallback.target: is miss"],
        ),
        (
            'error = "transfer"\ntarget = "dsk"',
            ['12: fallback.target: "dsk" is none of transfer.targets (did you mean "desk"?); they'],
        ),
        (
            'error = "transfer"\ntarget = "boss"',
            ['12: fallback.target: "boss" is attended: nobody is left who could brief it'],
        ),
        ('target = "desk"', ['11: fallback.target: warning: means nothing without "transfer"']),
        (
            'not_ready = "refuse"\nstatus = 480',
            ["5: transfer: warning: no agent has"],
        ),
        (
            'error = "transfer"\ntarget = "desk"\nstatus = 480',
            ["13: fallback.status: warning: means nothing unless not_ready"],
        ),
    ],
)
def test_what_is_wrong_is_named(
    findings: Callable[[str], list[str]], rest: str, expected: list[str]
) -> None:
    found = findings(f"{HEAD}{BOSS}[fallback]\n{rest}\n")
    assert len(found) == len(expected), found
    for each, text in zip(found, expected, strict=True):
        assert text.partition(": ")[2] in each, found
