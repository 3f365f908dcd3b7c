"""No secret shows: not in a repr, not in an error, not in what is answered to a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from cc_api_client.client import CommandCenterClient
from cc_server.config import ConfigError, load_settings
from tests.server.serving import Api

SECRET = "correct-horse-battery"
URL = f"postgresql://cc:{SECRET}@db.example/business"
ENVIRONMENT = {
    "CC_SERVER_DB": URL, "CC_SERVER_SMTP_PASSWORD": SECRET, "CC_SERVER_SMTP_HOST": "mail.example",
    "CC_SERVER_SMTP_SENDER": "a@mail.example", "CC_SERVER_PROVIDER": "smtp",
}  # fmt: skip


def test_settings_show_neither_password() -> None:
    settings = load_settings(None, ENVIRONMENT, {})
    assert settings.smtp.password == SECRET
    for shown in (repr(settings), str(settings), repr(settings.db), str(settings.db), f"{settings.db}"):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "wrong",
    [{"CC_SERVER_SMTP_PASSWORD": ""}, {"CC_SERVER_DB": f"postgresql://cc:{SECRET}@db.example:port/business"},
     {"CC_SERVER_DB": f"postgresql://cc:{SECRET}@db.example"}, {"CC_SERVER_PORT": "x"}],
    ids=["empty password", "bad port", "no database", "another setting"],
)  # fmt: skip
def test_a_mistake_in_the_settings_is_told_without_them(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as told:
        load_settings(None, ENVIRONMENT | wrong, {})
    assert SECRET not in str(told.value)
    assert SECRET not in repr(told.value)


def test_a_mistake_in_a_file_is_told_without_the_password_that_stands_in_it(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'smtp = {{ password = ["{SECRET}"] }}\n')
    with pytest.raises(ConfigError) as told:
        load_settings(file, {}, {})
    assert SECRET not in str(told.value)


def test_the_client_shows_no_key() -> None:
    client = CommandCenterClient("http://127.0.0.1:1", SECRET)
    assert SECRET not in repr(client)
    assert SECRET not in str(vars(client))


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_no_answer_repeats_the_key_that_was_sent(api: Api) -> None:
    for token in (api.house.tokens["ana"], f"cc_{SECRET}"):
        for path in ("/api/me", "/nowhere", "/api/approvals?limit=x", "/api/approvals?cursor=x"):
            answer = await api.http.get(path, headers={"X-API-Key": token})
            assert token not in answer.text
            assert token not in str(answer.headers)
