"""File, environment, defaults."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.config import Config, EngineLimits, HttpSettings, load_config, read_config
from sipagent.engine.settings import EngineSettings
from sipagent.environment import places, variable_name
from sipagent.errors import ConfigError

Write = Callable[[str, str], Path]

WSS = "wss://127.0.0.1/v1/realtime"


def errors(file: Path | None, **environment: str) -> list[str]:
    config, findings = read_config(file, environment)
    assert (config is None) is any(finding.is_error for finding in findings)
    return [str(finding).replace(f"{file.parent}/" if file else "\0", "") for finding in findings]


@pytest.mark.usefixtures("elsewhere")
def test_without_a_file_there_are_defaults() -> None:
    config = load_config(environment={})
    assert config == Config()
    assert (config.sip.port, config.realtime.url, config.http.port) == (5060, "embedded", 8080)
    assert str(config.cdr.path) == "calls.jsonl"


def test_the_file_of_the_working_directory_is_found(elsewhere: Path) -> None:
    (elsewhere / "sipagent.toml").write_text("[sip]\nport = 5070\n", encoding="utf-8")
    assert load_config(environment={}).sip.port == 5070


def test_the_environment_of_the_process_is_the_default(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIPAGENT_SIP__PORT", "5071")
    assert load_config(write("c.toml", "[sip]\nport = 5070\n")).sip.port == 5071


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[spi]\n", 'c.toml:1: spi: unknown key (did you mean "sip"?); allowed: sip, realtime,'),
        ("[sip]\nprot = 1", 'c.toml:2: sip.prot: unknown key (did you mean "port"?); allowed:'),
        ("[dial]\ntrunk = 'a'", 'c.toml:2: dial.trunk: there is no trunk "a"; known: none'),
        ("[dial]\nallow = ['+49 30*']", "c.toml:2: dial.allow[0]: must be a number or a URI"),
        ("[dial]\nallow = ['tel:*']", 'c.toml:2: dial.allow[0]: must begin with "sip:"'),
        ("[dial]\ncountry_code = '49'", "c.toml:2: dial.country_code: "),
        ("[sip]\nport = '5060'", 'c.toml:2: sip.port: must be a whole number, not "5060"'),
        ("[sip]\nport = 70000", "c.toml:2: sip.port: must be less than or equal to 65535, not"),
        ("[sip]\ntransports = ['ws']", "c.toml:2: sip.transports[0]: must be 'udp', 'tcp' or"),
        ("[sip]\ntransports = ['tls']", 'c.toml:2: sip.transports: with "tls" need certificate'),
        ("[sip]\nrtp_ports = [1]", "c.toml:2: sip.rtp_ports: must have at least 2 elements"),
        (
            "[sip]\nrtp_ports = [2, 3, 4]",
            "c.toml:2: sip.rtp_ports: must have at most 2 elements, not 3",
        ),
        ("\n[sip]\nmax_calls = 900", "c.toml:2: sip.rtp_ports: must hold 4 ports per call"),
        ("sip = 5", "c.toml:1: sip: must be a table, not 5"),
        (
            "[realtime]\nurl = 'http://x'",
            'c.toml:2: realtime.url: must be "embedded" or a WebSocket URL',
        ),
        ("[realtime]\nheaders = { a = 1 }", "c.toml:2: realtime.headers.a: must be text in"),
        ("[log]\nlevel = 'loud'", "c.toml:2: log.level: must be 'debug', 'info', 'warning' or"),
        ("[cdr]\npath = ''", "c.toml:2: cdr.path: must not be empty"),
        ("[engine]\nrecognisers = 0", "c.toml:2: engine.recognisers: must be greater than or"),
        ("[sip]\n[sip]\n", "c.toml:2: is not valid TOML: Cannot declare"),
    ],
)
def test_a_mistake_in_the_file_is_named(write: Write, text: str, expected: str) -> None:
    (found,) = errors(write("c.toml", text))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SIPAGENT_SIP__PORT", "x", 'SIPAGENT_SIP__PORT: must be a whole number, not "x"'),
        ("SIPAGENT_SIP__PORT", "5\nx = 1", "SIPAGENT_SIP__PORT: must be a whole number"),
        ("SIPAGENT_SIP__TRANSPORTS", "udp", 'SIPAGENT_SIP__TRANSPORTS: must be an array, not "udp'),
        ("SIPAGENT_SIP__TRANSPORTS", "[", "SIPAGENT_SIP__TRANSPORTS: must be an array"),
        ("SIPAGENT_SIP__MAX_CALLS", "[" * 999, "SIPAGENT_SIP__MAX_CALLS: must be a whole number"),
        ("SIPAGENT_SIP__RTP_PORTS", "[1, 99]", "SIPAGENT_SIP__RTP_PORTS: must start with an even"),
        ("SIPAGENT_SIP__PROT", "1", "SIPAGENT_SIP__PROT: there is no such setting (did you mean"),
        ("SIPAGENT_SIP", "1", "SIPAGENT_SIP: there is no such setting"),
        ("SIPAGENT_LOG__LEVEL", "loud", "SIPAGENT_LOG__LEVEL: must be 'debug',"),
        ("SIPAGENT_REALTIME__HEADERS", "sk-1", "SIPAGENT_REALTIME__HEADERS: must be a table"),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_a_mistake_in_the_environment_is_named(name: str, value: str, expected: str) -> None:
    (found,) = errors(None, **{name: value, "PATH": "x"})
    assert found.startswith(f"environment: {expected}")
    assert "sk-1" not in found


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    file = write("c.toml", "sip = 5\n[http]\nport = 'x'\n")
    with pytest.raises(ConfigError) as raised:
        load_config(file, {"SIPAGENT_LOG__LEVEL": "x", "SIPAGENT_X": "", "SIPAGENT_SIP__PORT": "1"})
    assert len(str(raised.value).splitlines()) == 4


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: does not exist"):
        load_config(tmp_path / "none.toml", {})


def test_variables_are_text_or_toml(write: Write) -> None:
    config = load_config(
        write("c.toml", "[sip]\nport = 1\nbind = 'x'\n"),
        {
            "SIPAGENT_SIP__PORT": "2",
            "SIPAGENT_SIP__TRANSPORTS": '["tcp"]',
            "SIPAGENT_SIP__USER_AGENT": "123",
            "SIPAGENT_REALTIME__HANDSHAKE_TIMEOUT_S": "3",
            "SIPAGENT_REALTIME__HEADERS": '{ api-key = "x" }',
            "SIPAGENT_LOG__LEVEL": "debug",
            "SIPAGENT_ENGINE__RECOGNISERS": "3",
        },
    )
    assert (config.sip.port, config.sip.bind, config.sip.transports) == (2, "x", ("tcp",))
    assert config.sip.user_agent == "123"
    assert config.realtime.handshake_timeout_s == 3
    assert config.realtime.headers == {"api-key": "x"}
    assert (config.log.level, config.engine.recognisers) == ("debug", 3)


def test_paths_start_at_the_files_folder_and_variables_where_we_are(
    write: Write, tmp_path: Path
) -> None:
    file = write("c.toml", "[dialplans]\npath = 'plans'\n[cdr]\npath = '/var/calls.jsonl'\n")
    config = load_config(file, {"SIPAGENT_RECORDINGS__PATH": "here"})
    assert config.dialplans.path == tmp_path / "plans"
    assert config.cdr.path == Path("/var/calls.jsonl")
    assert config.recordings.path == Path("here")
    assert load_config(write("c.toml", ""), {}).cdr.path == tmp_path / "calls.jsonl"


@pytest.mark.parametrize(
    ("table", "environment", "expected"),
    [
        ("api_key = 'K-file'", {}, "K-file"),
        ("api_key_file = 'key'", {}, "from-file"),
        ("", {"OPENAI_API_KEY": " K-openai "}, "K-openai"),
        ("api_key = 'K-file'", {"OPENAI_API_KEY": "K-openai"}, "K-file"),
        ("api_key_file = 'key'", {"OPENAI_API_KEY": "K-openai"}, "from-file"),
        ("api_key = 'K-file'", {"SIPAGENT_REALTIME__API_KEY": "K-env"}, "K-env"),
        ("api_key_file = 'key'", {"SIPAGENT_REALTIME__API_KEY": "K-env"}, "K-env"),
        ("api_key = 'K-file'", {"SIPAGENT_REALTIME__API_KEY_FILE": "{}/key"}, "from-file"),
    ],
)
def test_the_key_comes_from_where_it_was_said(
    write: Write, tmp_path: Path, table: str, environment: dict[str, str], expected: str
) -> None:
    write("key", "from-file\n")
    file = write("c.toml", f"[realtime]\nurl = '{WSS}'\n{table}\n")
    filled = {name: value.format(tmp_path) for name, value in environment.items()}
    config = load_config(file, filled)
    assert config.realtime.api_key.get_secret_value() == expected
    assert expected not in repr(config)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("api_key_file = 'none'", "c.toml:3: realtime.api_key_file: none does not exist"),
        ("api_key_file = 'two'", "c.toml:3: realtime.api_key_file: two must hold the key, on one"),
        ("api_key_file = 'empty'", "c.toml:3: realtime.api_key_file: empty must hold the key"),
        ("api_key_file = 'junk'", "c.toml:3: realtime.api_key_file: junk must hold the key"),
        ("api_key_file = 'key'\napi_key = 'x'", "c.toml:3: realtime.api_key_file: give api_key or"),
        ("api_key = 5", "c.toml:3: realtime.api_key: must be text in quotes"),
        ("", "c.toml:2: realtime.url: warning: has no key: set OPENAI_API_KEY"),
    ],
)
def test_a_key_that_cannot_be_had_is_named(
    write: Write, tmp_path: Path, table: str, expected: str
) -> None:
    write("key", "secret")
    write("two", "secret\nsecret2")
    write("empty", "\n")
    (tmp_path / "junk").write_bytes(b"\xff\xfe")
    (found,) = errors(write("c.toml", f"[realtime]\nurl = '{WSS}'\n{table}\n"))
    assert found.replace(f"{tmp_path}/", "").startswith(expected)
    assert "secret" not in found


def test_the_embedded_engine_gets_no_key_of_another(write: Write) -> None:
    config = load_config(write("c.toml", ""), {"OPENAI_API_KEY": "o"})
    assert config.realtime.api_key.get_secret_value() == ""


def test_a_configuration_can_be_given_to_another_process(write: Write) -> None:
    config = load_config(write("c.toml", "[sip]\nport = 5070\n"), {})
    assert pickle.loads(pickle.dumps(config)) == config


def test_the_engines_defaults_are_its_own() -> None:
    engine = EngineSettings()
    limits = EngineLimits()
    assert (limits.recognisers, limits.max_sessions) == (engine.recognisers, engine.max_sessions)


@given(
    st.dictionaries(
        st.sampled_from([variable_name(place) for place in places(Config)]),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        max_size=4,
    )
)
def test_no_environment_is_a_traceback(environment: dict[str, str]) -> None:
    config, findings = read_config(None, environment)
    assert (config is None) is any(finding.is_error for finding in findings)


def test_a_box_that_listens_everywhere_is_asked_on_this_machine() -> None:
    assert HttpSettings(bind="0.0.0.0", port=8081).url == "http://127.0.0.1:8081"
    assert HttpSettings(bind="::", port=8081).url == "http://[::1]:8081"
    assert HttpSettings(bind="2001:db8::1", port=8081).url == "http://[2001:db8::1]:8081"
    assert HttpSettings(bind="192.0.2.1", port=8080).url == "http://192.0.2.1:8080"
    with pytest.raises(ConfigError, match=r"http\.port: is 0"):
        _ = HttpSettings(port=0).url
