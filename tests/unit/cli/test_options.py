"""The options that are read without typer are those that typer reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import typer
from hypothesis import example, given
from hypothesis import strategies as st

from cc_tui.cli import program as commands
from cc_tui.cli.options import SWITCHES, VALUED, AppOptions, read_app_options

values = st.sampled_from(
    ["agents", "", "a=b", "http://h:1/?x=1", "-x", "--", "--ascii", "--tab", "demo", "two words", "é"]
)
words = st.one_of(
    st.builds("{}={}".format, st.sampled_from([*VALUED, *SWITCHES]), values),
    st.sampled_from([*VALUED, *SWITCHES, "--taab", "--help", "--no-ascii", "-t"]),
    values,
)


def read_by_typer(arguments: Sequence[str]) -> AppOptions | None:
    """What typer makes of them; None when it starts no app."""
    started: list[AppOptions] = []

    def launch(options: AppOptions) -> int:
        started.append(options)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "launch_app", launch)
        patch.setattr(commands, "complain", lambda _sentence, code: code)
        try:
            typer.main.get_command(commands.program).main(list(arguments), prog_name="cc-tui", standalone_mode=False)
        except Exception as refused:  # noqa: BLE001  (typer carries a click of its own, whose errors have no public home)
            assert "UsageError" in {kind.__name__ for kind in type(refused).__mro__}, repr(refused)
    return started[0] if started else None


@given(st.lists(words, max_size=5))
@example([])
@example(["--tab", "agents", "--tab=dashboard", "--ascii", "--ascii"])
@example(["--url", "-x"])
@example(["--api-key="])
def test_what_is_read_without_typer_is_what_typer_reads(arguments: list[str]) -> None:
    fast = read_app_options(arguments)
    if fast is not None:
        assert fast == read_by_typer(arguments)


@pytest.mark.parametrize("option", VALUED)
def test_every_option_with_a_value_is_typers_too(option: str) -> None:
    for arguments in ([option, "x"], [f"{option}=x"]):
        fast = read_app_options(arguments)
        assert fast is not None
        assert fast == read_by_typer(arguments)
        assert "x" in (fast.config, fast.profile, *fast.flags.values())


@pytest.mark.parametrize("option", SWITCHES)
def test_every_switch_is_typers_too(option: str) -> None:
    fast = read_app_options([option])
    assert fast is not None
    assert fast.flags == {SWITCHES[option]: True}
    assert fast == read_by_typer([option])


def test_typer_knows_no_option_of_the_app_that_the_fast_path_does_not() -> None:
    app: Any = typer.main.get_command(commands.program)
    told = {name for parameter in app.params for name in parameter.opts if name.startswith("--")}
    assert told - {"--version", "--help", "--install-completion", "--show-completion"} == {*VALUED, *SWITCHES}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["demo"], ["--tab"], ["--taab", "x"], ["--tab", "--ascii"], ["--ascii=1"], ["-x"]],
)
def test_typer_looks_at_everything_else(arguments: list[str]) -> None:
    assert read_app_options(arguments) is None


def test_without_options_there_is_nothing_to_set() -> None:
    assert read_app_options([]) == AppOptions()
