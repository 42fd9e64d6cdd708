"""What is written about configuration and dialplans is whole, and true."""

import re
import tomllib
from pathlib import Path

import pytest

from sipagent.config import Config, load_config
from sipagent.dialplan.documents import Document, read_document
from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.python_tools import PythonFiles, ToolProblem
from sipagent.dialplan.tools import Tool
from sipagent.dialplan.validation import validate_data
from sipagent.errors import ConfigError
from sipagent.ops.store.costs import Price

CONFIGURATION = Path("docs/configuration.md").read_text(encoding="utf-8")
DIALPLAN = Path("docs/dialplan.md").read_text(encoding="utf-8")
SAMPLE = Path("sipagent.sample.toml")


def uncommented() -> str:
    return re.sub(r"^# (?=\w+ = )", "", SAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_sample_loads_as_it_is() -> None:
    assert load_config(SAMPLE, {}) == Config()


def test_the_keys_of_the_sample_have_the_values_they_would_have_anyway(tmp_path: Path) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text(uncommented(), encoding="utf-8")
    config = load_config(file, {})
    paths = {"dialplans", "audit", "cdr", "flights", "recordings", "store"}
    assert config.model_dump(exclude=paths) == Config().model_dump(exclude=paths)
    assert config.cdr.path == tmp_path / Config().cdr.path
    assert config.store.url == f"sqlite:///{tmp_path}/sipagent.db"
    assert config.store.spool == tmp_path / Config().store.spool


def test_the_prices_of_the_sample_are_such() -> None:
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
