"""The server's settings: what can't be meant is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cc_server.config import ConfigError, load_settings

SMTP = {"CC_SERVER_PROVIDER": "smtp", "CC_SERVER_SMTP_SENDER": "anna@agency.example", "CC_SERVER_SMTP_SECURITY": "none"}


def test_a_password_is_never_sent_in_clear_over_a_network() -> None:
    remote = SMTP | {"CC_SERVER_SMTP_HOST": "mail.agency.example", "CC_SERVER_SMTP_USERNAME": "anna"}
    with pytest.raises(
        ConfigError, match=r"smtp\.security = \"none\" would send the password to mail\.agency\.example"
    ):
        load_settings(None, remote, {})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_relay_on_this_machine_may_be_told_a_password_in_clear(host: str) -> None:
    local = SMTP | {"CC_SERVER_SMTP_HOST": host, "CC_SERVER_SMTP_USERNAME": "anna"}
    assert load_settings(None, local, {}).smtp.host == host


def test_a_mail_server_that_asks_for_no_password_may_be_reached_in_clear() -> None:
    assert load_settings(None, SMTP | {"CC_SERVER_SMTP_HOST": "mail.agency.example"}, {}).smtp.username is None


@pytest.mark.parametrize("deep", [f"host = {'[' * 5_000}", f"smtp{'.a' * 5_000} = 1"])
def test_a_file_that_is_nested_too_deeply_is_told_in_a_sentence(tmp_path: Path, deep: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(deep)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_settings(file, {}, {})


@pytest.mark.parametrize(("database", "folder"), [("business", "business"), ("../other", "%2E%2E%2Fother")])
def test_mails_of_several_postgresql_databases_never_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {}, {"db": f"postgresql://cc@db.example/{database}"})
    assert settings.outbox == tmp_path / "outbox" / folder


@pytest.mark.parametrize(
    "sender",
    [
        "Agency",
        "hello@",
        "a@b@c",
        "One <a@b.example>, Two <b@b.example>",
        "a@b.example\r\nBcc: c@d",
        "a@bücher.example",
    ],
)
def test_a_sender_that_no_mail_can_be_from_is_refused_before_any_is_sent(sender: str) -> None:
    with pytest.raises(ConfigError, match=r"smtp\.sender: expected name@domain or Name <name@domain>"):
        load_settings(None, SMTP | {"CC_SERVER_SMTP_SENDER": sender}, {})
