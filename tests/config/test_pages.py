"""What is written of keys follows the models: both pages, and the sample."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, SecretStr

from scripts import sample
from scripts.pages import CONFIGURATION, DIALPLAN, Page
from sipagent.dialplan.schema import docstrings
from sipagent.dialplan.session import TurnDetection

HEAD = "| key | default | meaning |\n|---|---|---|\n"
SAMPLE = """# Every key is here.

[inner]                             # a table
# gone = 1                          # was
# port = 7                          # UDP; 0 takes a free one
#   [[inner.array]]
#   name = "kept"

[gone]
# key = 1

# [prices."m"]
#   text_in = 4.0
"""


class Inner(BaseModel):
    """A table."""

    secret: SecretStr = SecretStr("")
    """It appears in no log."""
    port: int = 5060
    """Where it listens."""
    path: Path = Path("calls")
    """Folder of ``calls``."""
    names: tuple[str, ...] = ("a", "b")
    """Some."""


class Other(BaseModel):
    """Another table."""

    name: str
    """What it is called."""
    cost: float | None = None
    """Without: none."""


class Settings(BaseModel):
    """The file."""

    inner: Inner = Inner()
    others: Annotated[tuple[Other, ...], Field(max_length=7)] = ()
    """An array of tables."""


class WithNewTable(Settings):
    """It has one more."""

    added: Inner = Inner()


PAGE = Page(Path(), dict(sample.tables(Settings, of_arrays=True)))


@pytest.mark.parametrize("page", [DIALPLAN, CONFIGURATION], ids=lambda page: page.file.name)
def test_the_tables_of_a_page_are_those_of_the_models(page: Page) -> None:
    text = page.file.read_text("utf-8")
    assert page.rewritten(text) == text, "run: python -m scripts.pages"


def test_the_keys_of_the_sample_are_those_of_the_models() -> None:
    text = sample.FILE.read_text("utf-8")
    assert sample.rewritten(text) == text, "run: python -m scripts.pages"


def test_every_table_of_the_configuration_is_on_its_page() -> None:
    assert CONFIGURATION.marked(CONFIGURATION.file.read_text("utf-8")) == set(CONFIGURATION.models)


def test_every_table_of_a_dialplan_is_on_its_page() -> None:
    text = DIALPLAN.file.read_text("utf-8")
    assert set(DIALPLAN.models) - DIALPLAN.marked(text) == {"TurnDetection"}
    written = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert [key for key in TurnDetection.model_fields if key not in written] == []


def test_every_key_of_the_configuration_says_what_it_means() -> None:
    silent = {
        f"{name}.{key}"
        for name, model in CONFIGURATION.models.items()
        for key in model.model_fields
        if not docstrings(model).get(key)
    }
    assert silent == set()


def test_a_key_that_is_new_shows_up_with_what_stands_below_its_field() -> None:
    assert PAGE.rewritten(f"<!-- keys of inner -->\n{HEAD}\nText.\n").splitlines()[3:] == [
        '| `secret` | `""` | It appears in no log. |',
        "| `port` | `5060` | Where it listens. |",
        '| `path` | `"calls"` | Folder of `calls`. |',
        '| `names` | `["a", "b"]` | Some. |',
        "",
        "Text.",
    ]


def test_a_row_that_is_stale_is_removed_and_a_wrong_default_replaced() -> None:
    rows = "| `port` | `7` | As it is written. |\n| `gone` | `1` | Was. |\n"
    text = PAGE.rewritten(f"<!-- keys of inner -->\n{HEAD}{rows}")
    assert "| `port` | `5060` | As it is written. |" in text.splitlines()
    assert "gone" not in text


def test_defaults_that_say_more_than_a_value_stay() -> None:
    rows = "| `names` | of all | Those. |\n"
    text = PAGE.rewritten(f"<!-- keys of inner -->\n{HEAD}{rows}")
    assert "| `names` | of all | Those. |" in text.splitlines()


def test_keys_of_a_table_of_several_models_have_their_names_before_them() -> None:
    text = PAGE.rewritten(f"<!-- keys of others, inner -->\n{HEAD}")
    assert re.findall(r"^\| `(\S+)` \| ?(.*?) ?\|", text, re.MULTILINE)[:3] == [
        ("others.name", "required"),
        ("others.cost", ""),
        ("inner.secret", '`""`'),
    ]


def test_the_sample_gets_new_keys_and_tables_and_loses_old_ones() -> None:
    secret = '# secret = ""                       # It appears in no log.'
    port = "# port = 5060                       # Where it listens."
    others = [
        '# path = "calls"                    # Folder of `calls`.',
        '# names = ["a", "b"]                # Some.',
        "",
    ]
    assert sample.rewritten(SAMPLE, WithNewTable).splitlines() == [
        "# Every key is here.",
        "",
        "[inner]                             # a table",
        "# port = 5060                       # UDP; 0 takes a free one",
        "#   [[inner.array]]",
        '#   name = "kept"',
        secret,
        *others,
        "[added]",
        secret,
        port,
        *others,
        '# [prices."m"]',
        "#   text_in = 4.0",
    ]
