"""The JSON Schema of dialplans."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.schema import dialplan_schema, docstrings, models_in
from tests.cli.test_commands import run

FILE = Path("dialplans/dialplan.schema.json")
PAGE = Path("docs/dialplan.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PLANS = [path for path in Path("dialplans").glob("*.toml") if ".script" not in path.suffixes]


def problems(text: str, *, of_part: bool = False) -> list[str]:
    schema = dialplan_schema(of_part=of_part)
    Draft7Validator.check_schema(schema)
    found: list[Any] = list(Draft7Validator(schema).iter_errors(tomllib.loads(text)))
    return [str(each.json_path) for each in found]


def test_the_file_beside_the_examples_is_what_the_command_prints() -> None:
    printed = run("schema")
    assert printed.exit_code == 0
    assert FILE.read_text(encoding="utf-8") == printed.output, f"run: sipagent schema > {FILE}"


def test_every_key_is_described() -> None:
    missing = [
        f"{model.__name__}.{key}"
        for model in models_in(Dialplan)
        for key in model.model_fields
        if key not in docstrings(model)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "text", [text for text in EXAMPLES if not text.startswith("# dialplans/s")]
)
def test_every_plan_of_the_page_fits(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_example_fits_and_names_the_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#:schema ./dialplan.schema.json\n")
    assert problems(text) == []


AGENT = '[[agents]]\nname = "A"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["$"]),
        (f'name = "p"\n{AGENT}instruction = "x"\n', ["$.agents[0]"]),
        (f'name = "p"\n{AGENT}[limits]\nsilence_s = "9"\n', ["$.limits.silence_s"]),
        (f'name = "p"\n{AGENT}[line]\ncodecs = ["G729"]\n', ["$.line.codecs[0]"]),
        (f'name = "p"\n{AGENT}[match]\ncalled = 1\n', ["$.match.called"]),
        (f'name = "p"\n{AGENT}[match]\ncaller = ""\nheader = {{ X = ["a", "b"] }}\n', []),
        (f'name = "p"\n{AGENT}[transfer.targets]\na = "tel:1"\nb = {{ uri = "tel:2" }}\n', []),
    ],
)
def test_a_schema_tells_right_from_wrong(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_parts_have_no_name() -> None:
    part = next(text for text in EXAMPLES if text.startswith("# dialplans/shared"))
    assert problems(part, of_part=True) == []
    assert problems('name = "p"', of_part=True) == ["$"]
    assert json.loads(run("schema", "--part").output) == dialplan_schema(of_part=True)
