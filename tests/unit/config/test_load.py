"""Where values come from, and what is said of one that can't be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_tui.config.load import ConfigMistake, load_config, with_key
from cc_tui.config.model import SETTINGS, Config, GuardConfig, config_file

SECRET = "cc_live_0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a config."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def load(
    file: Path,
    text: str = "",
    *,
    profile: str | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    file.write_text(text)
    file.chmod(0o600)
    return load_config(file, profile, flags or {}, environment or {})


def mistake(file: Path, text: str = "", **given_: object) -> str:
    """The sentence about what is wrong in `text`."""
    with pytest.raises(ConfigMistake) as caught:
        load(file, text, **given_)  # type: ignore[arg-type]
    return str(caught.value)


# Precedence


def test_without_anything_every_setting_has_its_default() -> None:
    config = load_config(None, None, {}, {})
    assert config == Config()
    assert config.origins == {}
    assert {setting.name: setting.default for setting in SETTINGS} == {
        setting.name: getattr(config, setting.name) for setting in SETTINGS
    }


@pytest.mark.parametrize(
    ("flags", "environment", "place"),
    [
        ({}, {}, "key_file, {file}"),
        ({}, {"CC_TUI_API_KEY": "cc_other"}, "api_key, the environment's CC_TUI_API_KEY"),
        ({"api_key": "cc_another"}, {"CC_TUI_API_KEY": "cc_other"}, "api_key, the flag --api-key"),
    ],
    ids=["the file", "the environment", "a flag"],
)
def test_where_the_key_comes_from_is_told_as_a_person_finds_it(
    flags: dict[str, object], environment: dict[str, str], place: str, file: Path
) -> None:
    key_file = file.with_name("ana.key")
    key_file.write_text("cc_ana")
    key_file.chmod(0o600)
    config = with_key(load(file, f"key_file = '{key_file}'", flags=flags, environment=environment))
    assert config.key_place == place.format(file=file)


def test_a_key_that_was_typed_into_the_app_comes_from_no_setting() -> None:
    assert Config(api_key="cc_typed").key_place == ""


@pytest.mark.parametrize(
    ("flag", "variable", "line", "value", "origin"),
    [
        ("dashboard", "agents", "approvals", "dashboard", "flag"),
        (None, "agents", "approvals", "agents", "environment"),
        (None, None, "dashboard", "dashboard", "file"),
        (None, "", "dashboard", "dashboard", "file"),
        (None, None, None, "approvals", "default"),
    ],
)
def test_flags_go_over_the_environment_over_the_file_over_defaults(
    flag: str | None, variable: str | None, line: str | None, value: str, origin: str, file: Path
) -> None:
    environment = {"CC_TUI_TAB": variable} if variable is not None else {}
    config = load(file, f"tab = '{line}'" if line else "", flags={"tab": flag}, environment=environment)
    assert config.tab == value
    assert config.origins.get("tab", "default").replace(str(file), "file") == origin


sources = st.fixed_dictionaries({}, optional={name: st.integers(1, 60) for name in ("flag", "environment", "file")})


@given(given_=sources)
def test_the_highest_source_wins_whatever_the_others_say(
    given_: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = load(
        tmp_path_factory.getbasetemp() / "precedence.toml",
        f"poll_seconds = {given_['file']}" if "file" in given_ else "",
        flags={"poll_seconds": float(given_["flag"])} if "flag" in given_ else {},
        environment={"CC_TUI_POLL_SECONDS": str(given_["environment"])} if "environment" in given_ else {},
    )
    assert config.poll_seconds == next(
        (given_[name] for name in ("flag", "environment", "file") if name in given_), 5.0
    )


def test_a_switch_that_is_on_in_the_file_can_be_turned_off_by_the_environment(file: Path) -> None:
    assert load(file, "ascii = true").ascii
    assert not load(file, "ascii = true", environment={"CC_TUI_ASCII": "no"}).ascii


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_the_environment_says_yes_in_many_words(word: str, file: Path) -> None:
    assert load(file, environment={"CC_TUI_READ_ONLY": word}).read_only


def test_a_profile_goes_over_the_files_own_settings(file: Path) -> None:
    text = """
        url = "http://usual"
        tab = "agents"
        [guard]
        hold_ms = 300
        repeat_ms = 800
        [keys]
        approve = "a"
        [profiles.work]
        url = "http://work"
        [profiles.work.guard]
        hold_ms = 400
        [profiles.work.keys]
        approve = ["y", "f5"]
    """
    config = load(file, text, profile="work")
    assert (config.url, config.tab) == ("http://work", "agents")
    assert config.guard == GuardConfig(hold_ms=400, repeat_ms=800)
    assert config.keys == {"approve": ["y", "f5"]}
    assert load(file, text).url == "http://usual"
    assert load(file, text).keys == {"approve": ["a"]}


def test_a_slow_link_gives_the_guard_more_time_unless_the_file_says(file: Path) -> None:
    assert load(file, "low_bandwidth = true").guard.link_ms == 400
    assert load(file, "low_bandwidth = true\n[guard]\nlink_ms = 50").guard.link_ms == 50
    assert load(file, flags={"low_bandwidth": True}).guard.link_ms == 400
    assert load(file).guard.link_ms == 0


def test_the_usual_file_is_found_under_the_config_home(home: Path) -> None:
    assert config_file() == home / "command-center" / "config.toml"
    config_file().parent.mkdir(parents=True)
    config_file().write_text('url = "http://usual"')
    assert load_config(None, None, {}, {}).url == "http://usual"


def test_a_value_may_name_a_variable_of_the_environment(file: Path) -> None:
    config = load(file, 'url = "http://${HOST}:${PORT}"', environment={"HOST": "cc.example", "PORT": "8000"})
    assert config.url == "http://cc.example:8000"


# Mistakes


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("\n\nulr = 'http://h'", 3, "there is no setting 'ulr'; did you mean 'url'?"),
        ("poll_second = 3", 1, "there is no setting 'poll_second'; did you mean 'poll_seconds'?"),
        ("\n[gaurd]\nhold_ms = 300", 2, "there is no setting 'gaurd'; did you mean 'guard'?"),
        ("[guard]\nhold_sm = 300", 2, "there is no setting 'hold_sm'; did you mean 'hold_ms'?"),
        ("xyzzyx = 1", 1, "there is no setting 'xyzzyx'; known are url, api_key"),
        ("url = 7", 1, "url is text, not int"),
        ("ascii = 'yes'", 1, "ascii is true or false, not str"),
        ("poll_seconds = true", 1, "poll_seconds is a number, not bool"),
        ("poll_seconds = 0.5", 1, "poll_seconds is between 1 and 60, not 0.5"),
        ("poll_seconds = inf", 1, "poll_seconds is between 1 and 60, not inf"),
        ("[guard]\n\nhold_ms = 100", 3, "hold_ms is between 150 and 5000, not 100"),
        ("[guard]\nhold_ms = 300.0", 2, "hold_ms is a whole number, not float"),
        (
            "tab = 'aprovals'",
            1,
            "tab is one of dashboard, agents, approvals, not 'aprovals'; did you mean 'approvals'?",
        ),
        ("theme = 'purple'", 1, "theme is one of auto, dark, light, 16, 16-light, mono, not 'purple'"),
        ("tab = 'agents'\nguard = 3", 2, "guard is a table: [guard]"),
        ("keys = []", 1, "keys is a table: [keys]"),
        ("[keys]\napprove = 7", 2, "approve takes a key or a list of keys"),
        ("[keys]\napprove = ['a', 7]", 2, "approve takes a key or a list of keys"),
        ("\nurl = '${NO_SUCH_THING}'", 2, "the environment has no NO_SUCH_THING, which url asks for"),
        ("'tabb' = 'agents'", 1, "there is no setting 'tabb'; did you mean 'tab'?"),
    ],
)
def test_a_mistake_names_file_line_key_and_what_was_meant(text: str, line: int, told: str, file: Path) -> None:
    sentence = mistake(file, text)
    assert sentence.startswith(f"{file}, line {line}: ")
    assert told in sentence


@pytest.mark.parametrize(
    ("text", "profile", "line"),
    [
        pytest.param("tab = 'agents'\n[profiles.work]\ntab = 'aprovals'", "work", 3, id="profile"),
        pytest.param("[profiles.home]\nurl = 'http://h'\n[profiles.work]\nurl = 7", "work", 4, id="other profile"),
        pytest.param("[guard]\nhold_ms = 300\n[profiles.work.guard]\nhold_ms = 1", "work", 4, id="profile's guard"),
        pytest.param("\nguard.hold_ms = 1", None, 2, id="dotted key"),
        pytest.param("\nguard = { hold_ms = 1 }", None, 2, id="inline table"),
        pytest.param("[keys]\nurl = 'u'\n[profiles.work]\nurl = 7", "work", 4, id="another table's key"),
    ],
)
def test_a_mistake_names_its_own_line(text: str, profile: str | None, line: int, file: Path) -> None:
    assert mistake(file, text, profile=profile).startswith(f"{file}, line {line}: ")


def test_what_is_no_toml_is_said_with_its_line(file: Path) -> None:
    sentence = mistake(file, "url = 'http://h'\ntab = agents\n")
    assert sentence.startswith(f"{file}: ")
    assert "line 2" in sentence


def test_what_is_nested_too_deeply_is_said_in_a_sentence(file: Path) -> None:
    assert mistake(file, f"url = {'[' * 5_000}") == f"{file}: its tables or lists are nested too deeply"


def test_a_key_given_twice_is_said_with_its_line(file: Path) -> None:
    assert "line 2" in mistake(file, "url = 'a'\nurl = 'b'\n")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CC_TUI_TAB", "agent", "the environment's CC_TUI_TAB is one of dashboard, agents, approvals, not 'agent'"),
        ("CC_TUI_ASCII", "perhaps", "the environment's CC_TUI_ASCII is yes or no, not 'perhaps'"),
        ("CC_TUI_POLL_SECONDS", "often", "the environment's CC_TUI_POLL_SECONDS is a number, not 'often'"),
        ("CC_TUI_POLL_SECONDS", "99", "the environment's CC_TUI_POLL_SECONDS is between 1 and 60, not 99"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(variable: str, value: str, told: str, file: Path) -> None:
    assert told in mistake(file, environment={variable: value})


def test_a_mistake_in_a_flag_names_the_flag(file: Path) -> None:
    assert mistake(file, flags={"theme": "drak"}).startswith("--theme is one of")
    assert "did you mean 'dark'?" in mistake(file, flags={"theme": "drak"})


@pytest.mark.parametrize(("text", "variable"), [("poll_seconds = nan", ""), ("", "nan")])
def test_not_a_number_is_no_period(text: str, variable: str, file: Path) -> None:
    assert "poll_seconds" in mistake(file, text, environment={"CC_TUI_POLL_SECONDS": variable}).lower()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigMistake, match=r"there is no config file .*/none\.toml"):
        load_config(tmp_path / "none.toml", None, {}, {})


def test_a_file_that_cant_be_read_is_said(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ConfigMistake, match="can't be read"):
        load_config(tmp_path, None, {}, {})
    file.write_bytes(b"url = '\xff'")
    with pytest.raises(ConfigMistake, match="can't be read"):
        load_config(file, None, {}, {})


def test_a_profile_that_is_not_there_is_said_with_those_that_are(file: Path) -> None:
    text = "[profiles.work]\n[profiles.home]\n"
    assert mistake(file, text, profile="wrok").endswith("there is no profile 'wrok'; known: work, home")
    assert mistake(file, "", profile="work").endswith("known: none")
    with pytest.raises(ConfigMistake, match="to find the profile 'work' in"):
        load_config(None, "work", {}, {})


# Secrets


def test_the_key_and_the_command_for_it_are_in_no_repr(file: Path) -> None:
    config = load(file, f"api_key = '{SECRET}'\nkey_command = 'echo {SECRET}'\nurl = 'http://h'")
    assert config.api_key == SECRET
    assert SECRET not in repr(config) + str(config)
    assert "http://h" in repr(config)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_with_a_key_that_others_can_read_is_refused(mode: int, file: Path) -> None:
    file.write_text(f"api_key = '{SECRET}'")
    file.chmod(mode)
    with pytest.raises(ConfigMistake, match=f"others can read it; chmod 600 {file}") as caught:
        load_config(file, None, {}, {})
    assert SECRET not in str(caught.value)
    file.write_text("api_key = '${CC_KEY}'")
    assert load_config(file, None, {}, {"CC_KEY": SECRET}).api_key == SECRET


def test_a_mistake_beside_a_key_does_not_show_the_key(file: Path) -> None:
    assert SECRET not in mistake(file, f"api_key = '{SECRET}'\ntabb = 1")
    assert SECRET not in mistake(file, f"api_key = ['{SECRET}']")


def test_a_key_is_taken_from_its_file(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(f"{SECRET}\n")
    key_file.chmod(0o600)
    config = with_key(Config(key_file=str(key_file)))
    assert config.api_key == SECRET
    assert SECRET not in repr(config)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key_file = tmp_path / "the key"
    key_file.write_text(SECRET)
    key_file.chmod(0o644)
    with pytest.raises(ConfigMistake, match="others can read the key") as caught:
        with_key(Config(key_file=str(key_file)))
    assert f"chmod 600 '{key_file}'" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_key_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigMistake, match=r"the key file .* can't be read"):
        with_key(Config(key_file=str(tmp_path / "none")))


def test_a_key_is_what_its_command_prints() -> None:
    assert with_key(Config(key_command=f"printf '%s\\n' {SECRET}")).api_key == SECRET


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sh -c 'echo locked >&2; exit 3'", "key_command ended with 3: locked"),
        (f"/no/such/command {SECRET}", "key_command did not run: FileNotFoundError"),
        (f"echo '{SECRET}", "key_command did not run: ValueError"),
    ],
)
def test_a_command_that_gives_no_key_is_said_and_not_shown(command: str, told: str) -> None:
    with pytest.raises(ConfigMistake, match=told) as caught:
        with_key(Config(key_command=command))
    assert SECRET not in str(caught.value)


def test_a_key_at_hand_asks_nobody() -> None:
    config = Config(api_key=SECRET, key_command="false")
    assert with_key(config) is config
    assert with_key(Config()) == Config()


def test_a_key_file_that_a_flag_names_goes_over_the_files_key(tmp_path: Path, file: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("the flag's")
    key_file.chmod(0o600)
    config = load(file, "api_key = 'the file s'", flags={"key_file": str(key_file)})
    assert with_key(config).api_key == "the flag's"


def test_the_files_key_is_not_sent_to_a_server_that_is_named_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "cc.toml"
    file.write_text('url = "http://home.example"\napi_key = "cc_home"\n')
    file.chmod(0o600)
    assert load_config(file, None, {}, {}).api_key == "cc_home"
    assert load_config(file, None, {"url": "http://elsewhere.example"}, {}).api_key == ""
    own = {"url": "http://elsewhere.example", "api_key": "cc_elsewhere"}
    assert load_config(file, None, own, {}).api_key == "cc_elsewhere"
