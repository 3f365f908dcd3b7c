"""What is imported and what is not: what a start costs, and the walls between packages, as a process sees them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import pytest

import cc_tui
from tests.support.patience import PATIENCE_SECONDS

HEAVY = ("httpx", "pydantic", "websockets", "textual", "rich", "typer", "sqlalchemy", "fastapi")
HEADLESS = ("state", "sync", "decisions", "actions", "text", "config", "session")


def loaded_after(statements: str, *names: str) -> set[str]:
    """Which of the packages `names` a fresh interpreter has loaded after `statements`."""
    look = f"print('loaded:', *({set(names)!r} & {{name.partition('.')[0] for name in sys.modules}}))"
    asked = f"{statements}\nimport sys\n{look}"
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    return set(told.stdout.splitlines()[-1].removeprefix("loaded:").split())


def modules_of(package: str) -> list[str]:
    """The module and all below it, by name."""
    spec = find_spec(package)
    assert spec is not None
    below = walk_packages(spec.submodule_search_locations, f"{package}.") if spec.submodule_search_locations else ()
    return [package, *(found.name for found in below)]


def imports(modules: Iterable[str]) -> str:
    return "".join(f"import {module}\n" for module in modules)


def test_what_is_loaded_can_be_seen() -> None:
    assert loaded_after("import cc_api_client.client", *HEAVY) >= {"httpx", "pydantic", "websockets"}


def test_the_client_loads_nothing_before_it_is_used() -> None:
    assert loaded_after("import cc_api_client, cc_api_client.errors", *HEAVY) == set()


def test_the_clients_name_loads_it() -> None:
    told = loaded_after("import cc_api_client\nassert cc_api_client.CommandCenterClient('http://h', 'k')", "httpx")
    assert told == {"httpx"}


def test_a_name_that_the_client_does_not_have_is_an_attribute_error() -> None:
    import cc_api_client

    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = cc_api_client.Nonsense


@pytest.mark.parametrize("part", HEADLESS)
def test_only_the_ui_draws(part: str) -> None:
    assert loaded_after(imports(modules_of(f"cc_tui.{part}")), "textual", "typer") == set()


def test_a_session_costs_nothing_before_it_is_opened() -> None:
    made = "from cc_tui.config.model import Config\nfrom cc_tui.session import Session\nSession(Config())"
    assert loaded_after(made, *HEAVY) == set()


def test_the_config_is_read_without_anything() -> None:
    read = "from cc_tui.config.load import load_config\nload_config(None, None, {}, {})"
    assert loaded_after(read, *HEAVY) == set()


def test_the_version_is_told_without_anything() -> None:
    asked = "import sys\nsys.argv = ['cc-tui', '--version']\nfrom cc_tui.__main__ import main\nmain()"
    assert loaded_after(asked, *HEAVY) == set()


def test_options_are_read_without_typer() -> None:
    asked = (
        "import sys\nsys.argv = ['cc-tui', '--tab', 'agents']\nfrom cc_tui.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 2, end.code\n"
    )
    assert loaded_after(asked, "typer", "textual", "httpx") == set()


def test_the_terminal_never_imports_the_server() -> None:
    everything = [name for name in modules_of("cc_tui") if not name.endswith("__main__")]
    assert len(everything) > 50
    assert loaded_after(imports(everything), "cc_server", "sqlalchemy", "fastapi", "uvicorn") == set()


def test_the_server_is_named_in_no_import_of_the_terminal() -> None:
    assert cc_tui.__file__ is not None
    sources = list(Path(cc_tui.__file__).parent.rglob("*.py"))
    named = [path for path in sources if "import cc_server" in (text := path.read_text()) or "from cc_server" in text]
    assert sources
    assert named == []


def test_the_client_knows_neither_terminal_nor_server() -> None:
    told = loaded_after(
        imports(modules_of("cc_api_client")), "cc_tui", "cc_server", "textual", "sqlalchemy", "pydantic"
    )
    assert told == {"pydantic"}
