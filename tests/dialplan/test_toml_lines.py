"""Lines of keys."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.toml_lines import KeyPath, key_lines, key_text, nearest


def paths_in(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from paths_in(inner, (*path, key))


TRICKY = '''\
# name = "not me"
name = "a # b"  # comment
"quoted key" = 1
'literal.key' = 2
"esc\\"aped\\u0041" = 3
a.b . "c d".e = [1, # one
  [2, 3],
  { x = "}", y.z = [] },
  "],", """
[not.a.table]
"quoted" \\""" still """,
]
when = 1.5

[match]
called = [
  "+49*",

  "x",
]
text = """one
two""""
raw = \'\'\'
[[nope]]
it\'s\'\'\'

[[agents]]
name = "A"
[agents.inner]
deep = true
[[agents.tools]]
name = "t"
[[agents.tools]]
name = "u"

[[ agents ]]
name = "B"
[[agents.tools]]
name = "v"
[ session . "turn detection" ]
type = ""
empty = {}
'''


def test_every_key_of_a_tricky_document_is_found_on_its_line() -> None:
    lines = key_lines(TRICKY)
    assert set(lines) == set(paths_in(tomllib.loads(TRICKY)))
    rows = TRICKY.split("\n")
    expected = {
        ("name",): 'name = "a # b"',
        ("a",): "a.b",
        ("a", "b", "c d", "e", 1): "  [2, 3],",
        ("a", "b", "c d", "e", 1, 1): "  [2, 3],",
        ("a", "b", "c d", "e", 2, "y", "z"): "  { x",
        ("when",): "when",
        ("match",): "[match]",
        ("match", "called", 1): '  "x"',
        ("match", "raw"): "raw",
        ("agents", 0, "inner", "deep"): "deep",
        ("agents", 1): "[[ agents ]]",
        ("session", "turn detection", "empty"): "empty",
    }
    for path, start in expected.items():
        assert rows[lines[path] - 1].startswith(start), path
    assert lines["agents", 0, "tools", 1, "name"] == rows.index('name = "u"') + 1
    assert lines["agents", 1, "tools", 0, "name"] == rows.index('name = "v"') + 1


def test_a_table_that_comes_after_its_children_is_found_where_it_is_written() -> None:
    assert key_lines("[a.b]\nx = 1\n[a]\ny = 2\n")["a",] == 3


def test_a_missing_key_is_on_the_nearest_the_table_around_it() -> None:
    lines = key_lines("x = 1\n\n[[agents]]\nname = 'a'\n")
    assert nearest(lines, ("agents", 0, "instructions")) == ("agents", 0)
    assert nearest(lines, ("nowhere",)) == ()


def test_key_paths_are_written_as_people_write_them() -> None:
    assert key_text(("agents", 0, "tools", 12)) == "agents[0].tools[12]"
    assert key_text(()) == ""


def test_key_paths_are_one_short_line() -> None:
    assert key_text(("a", "two\nlines")) == 'a."two\\nlines"'
    assert key_text(("x" * 999,)) == "x" * 60 + "..."


WORDS = st.text(st.sampled_from("ab\"'\\#[]{}=,. \n\u00e9"), max_size=8)


def basic(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}
    return '"' + "".join(escapes.get(each, each) for each in text) + '"'


def multiline(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


def inline(value: Any) -> str:
    match value:
        case str():
            return multiline(value) if len(value) > 4 else basic(value)
        case list():
            return "[" + ",".join(f"\n  {inline(each)}  # ]\n" for each in value) + "]"
        case dict():
            pairs = (f"{basic(key)} = {inline(each)}" for key, each in value.items())
            return "{ " + ", ".join(pairs) + " }"
        case _:
            return str(value)


VALUES = st.recursive(
    WORDS | st.integers(0, 99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
TABLES = st.dictionaries(WORDS, VALUES, max_size=4)


@given(top=TABLES, tables=st.dictionaries(st.sampled_from("xyz"), TABLES, max_size=3))
def test_the_keys_found_are_the_keys_there_are(
    top: dict[str, Any], tables: dict[str, dict[str, Any]]
) -> None:
    text = "".join(f"{basic(key)} = {inline(value)} # \n" for key, value in top.items())
    for name, table in tables.items():
        text += f"\n[[t.{name}]]\n[t.{name}.s]\n"
        text += "".join(f"  {basic(key)} = {inline(value)}\n" for key, value in table.items())
        text += f"[[t.{name}]]\n"
    if "t" not in top or not tables:
        assert set(key_lines(text)) == set(paths_in(tomllib.loads(text)))


@given(keys=st.lists(WORDS, min_size=1, unique=True))
def test_each_key_is_on_the_line_where_it_was_written(keys: list[str]) -> None:
    rows, expected = 0, {}
    text = ""
    for key in keys:
        expected[key,] = rows + 1
        value = f"{basic(key)} = {multiline(key)}\n"
        text, rows = text + value, rows + value.count("\n")
    lines: dict[Any, int] = key_lines(text)
    assert lines == expected
