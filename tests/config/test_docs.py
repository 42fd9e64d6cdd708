"""What is written about configuration and dialplans is whole, and true."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scripts.dialplan_page import MODELS, marked, rewritten
from sipagent.config import Config, load_config
from sipagent.dialplan.documents import Document, read_document
from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.python_tools import PythonFiles, ToolProblem
from sipagent.dialplan.session import TurnDetection
from sipagent.dialplan.tools import Tool
from sipagent.dialplan.validation import validate_data
from sipagent.errors import ConfigError
from sipagent.ops.http_settings import TokenSettings
from sipagent.ops.store.costs import Price
from sipagent.sip.trunks import TrunkSettings

CONFIGURATION = Path("docs/configuration.md").read_text(encoding="utf-8")
DIALPLAN = Path("docs/dialplan.md").read_text(encoding="utf-8")
SAMPLE = Path("sipagent.sample.toml")


def keys() -> Iterator[tuple[str, str, FieldInfo]]:
    for section, field in Config.model_fields.items():
        if section == "prices":  # tables by names of models
            continue
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        yield from leaves(section, field.annotation)


def leaves(section: str, model: type[BaseModel]) -> Iterator[tuple[str, str, FieldInfo]]:
    """Return every key of a table and of the tables in it, which have dots in their names."""
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(f"{section}.{key}", field.annotation)
        else:
            yield section, key, field


def tables(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what :func:`keys` does, of a file."""
    sections = {section for section, _, _ in keys()}
    for section, table in data.items():
        for key, value in table.items():
            if f"{section}.{key}" in sections:
                yield from tables({f"{section}.{key}": value})
            else:
                yield section, key


def rows(page: str) -> dict[str, str]:
    """Return the rest of each table row, by the key in its first cell."""
    return dict(re.findall(r"^\| `([\w.]+)` \|(.*)\|$", page, re.MULTILINE))


def uncommented() -> str:
    return re.sub(r"^# (?=\w+ = )", "", SAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_sample_loads_as_it_is() -> None:
    assert load_config(SAMPLE, {}) == Config()


def test_the_sample_names_every_key_with_its_default(tmp_path: Path) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text(uncommented(), encoding="utf-8")
    data = tomllib.loads(uncommented())
    named = set(tables(data))
    assert named == {(section, key) for section, key, _ in keys()}
    config = load_config(file, {})
    paths = {"dialplans", "audit", "cdr", "flights", "recordings", "store"}
    assert config.model_dump(exclude=paths) == Config().model_dump(exclude=paths)
    assert config.cdr.path == tmp_path / Config().cdr.path
    assert config.store.url == f"sqlite:///{tmp_path}/sipagent.db"
    assert config.store.spool == tmp_path / Config().store.spool


def test_every_price_is_on_the_page_of_the_configuration_and_in_the_sample() -> None:
    section = CONFIGURATION.split("## `[prices")[1].split("\n## ")[0]
    assert set(re.findall(r"`(\w+)`(?=[^|]* \|)", section)) >= set(Price.model_fields)
    priced = re.findall(r"^#   (\w+) = [\d.]+ ", SAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(priced) <= set(Price.model_fields)
    assert len(priced) == 1


def test_prices_are_read_by_model_and_none_may_be_below_zero(tmp_path: Path) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text('[prices."gpt-realtime"]\naudio_in = 32.0\n', encoding="utf-8")
    assert load_config(file, {}).prices["gpt-realtime"].audio_in == 32.0
    file.write_text('[prices."gpt-realtime"]\naudio_in = -1\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"prices\.gpt-realtime\.audio_in"):
        load_config(file, {})


def test_every_key_of_the_configuration_is_on_its_page() -> None:
    written = rows(CONFIGURATION)
    for section, key, field in keys():
        row = written.get(f"{section}.{key}") or ("." not in section and written.get(key))
        assert row, f"{section}.{key}"
        default = re.search(r"`([^`]+)`", row)
        assert default is not None, row
        shown = field.get_default(call_default_factory=True)
        value = tomllib.loads(f"value = {default[1]}")["value"]
        plain = getattr(shown, "get_secret_value", lambda shown=shown: shown)()
        plain = list(plain) if isinstance(plain, tuple) else plain
        assert value == (str(plain) if isinstance(plain, Path) else plain), f"{section}.{key}"


def test_every_key_of_a_trunk_is_on_the_page_of_the_configuration() -> None:
    written = rows(CONFIGURATION)
    for name, field in TrunkSettings.model_fields.items():
        row = written[field.alias or name]
        if (default := re.match(r" `([^`]+)`", row)) is not None:
            shown = field.default
            plain = getattr(shown, "get_secret_value", lambda shown=shown: shown)()
            plain = list(plain) if isinstance(plain, tuple) else plain
            assert tomllib.loads(f"value = {default[1]}")["value"] == plain, name


def test_the_tables_of_the_dialplan_page_are_those_of_the_models() -> None:
    assert rewritten(DIALPLAN) == DIALPLAN, "run: python -m scripts.dialplan_page"


def test_every_table_of_a_dialplan_is_on_its_page() -> None:
    assert set(MODELS) - marked(DIALPLAN) == {"TurnDetection"}
    written = rows(DIALPLAN)
    assert [key for key in TurnDetection.model_fields if key not in written] == []


def test_a_row_that_is_missing_stale_or_wrong_is_rewritten() -> None:
    head = "<!-- keys of Limits -->\n| key | default | meaning |\n|---|---|---|\n"
    stale = "| `gone` | `1` | Was. |\n| `silence_s` | `7` | As it is written. |\n"
    lines = rewritten(f"{head}{stale}\nText.\n").splitlines()
    assert lines[3] == "| `silence_s` | `0.0` | As it is written. |"
    assert (
        "| `max_duration_s` | `3600.0` | Of the conversation; after it the call is ended. |"
        in lines
    )
    assert not any("gone" in line for line in lines)
    assert lines[-2:] == ["", "Text."]


def test_every_example_of_the_dialplan_page_loads(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```$", DIALPLAN, re.DOTALL | re.MULTILINE)
    assert len(examples) > 8
    for index, example in enumerate(examples):
        named = re.match(r"# dialplans/(.*)", example)
        file = tmp_path / (named[1] if named is not None else f"{index}.toml")
        file.parent.mkdir(exist_ok=True)
        file.write_text(example, encoding="utf-8")
    source = Path("dialplans/front_desk.py").read_text(encoding="utf-8")
    (tmp_path / "front_desk.py").write_text(source, encoding="utf-8")
    plans, findings = read_dir(tmp_path)
    assert findings == []
    assert len(plans.plans) == len(examples) - sum(1 for _ in tmp_path.glob("*/*.toml"))


def test_the_example_of_a_function_is_a_tool(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", DIALPLAN, re.DOTALL | re.MULTILINE)
    (tmp_path / "t.py").write_text(example, encoding="utf-8")
    tool = PythonFiles(tmp_path / "p.toml").load(Tool(name="t", python="t.py:order_status"))
    assert not isinstance(tool, ToolProblem)
    assert list(tool.parameters["properties"]) == ["number", "is_urgent"]


def test_every_example_of_the_configuration_page_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", CONFIGURATION, re.DOTALL | re.MULTILINE)
    file = tmp_path / "sipagent.toml"
    file.write_text(example.replace("/run/secrets/openai", "key"), encoding="utf-8")
    (tmp_path / "key").write_text("secret", encoding="utf-8")
    assert load_config(file, {}).log.format == "json"


def test_every_variable_of_the_configuration_page_is_one(tmp_path: Path) -> None:
    (tmp_path / "sipagent.toml").write_text("", encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```$", CONFIGURATION, re.DOTALL | re.MULTILINE)
    environment = dict(re.findall(r"^(\w+)='?(.*?)'?$", block, re.MULTILINE))
    assert len(environment) == 3
    config = load_config(tmp_path / "sipagent.toml", environment)
    assert config.realtime.headers == {"api-key": "secret"}


def test_the_readme_and_the_sample_are_toml() -> None:
    assert isinstance(read_document(SAMPLE), Document)


def test_every_file_the_architecture_names_is_there() -> None:
    page = Path("docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    packages = re.findall(r"^\| `([\w/]+)` \|([^|]*)\|$", page, re.MULTILINE)
    named |= {f"{package}/{name}.py" for package, row in packages for name in names(row)}
    assert len(named) > 30
    assert [name for name in sorted(named) if not Path("sipagent", name).exists()] == []


def names(cell: str) -> list[str]:
    """Return what a cell of a table has between backticks."""
    return re.findall(r"`(\w+)`", cell)


def test_every_trunk_of_the_page_about_the_line_is_right() -> None:
    page = Path("docs/sip.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    trunks = [tomllib.loads(each) for each in examples if "[[sip.trunks]]" in each]
    assert len(trunks) == 7
    for each in trunks:
        validate_data(Config, each)


def test_every_key_of_a_token_is_on_the_page_of_the_configuration() -> None:
    section = CONFIGURATION.split("### `[[http.tokens]]`")[1].split("\n## ")[0]
    assert rows(section).keys() == TokenSettings.model_fields.keys()
