"""By which way a delivery leaves: as a file, by SMTP, or only on record.

Mail headers are made by the standard library's `EmailMessage` only: a text can't become a header.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

import aiosmtplib

from cc_api_client.models.outbox.approvals import Channel
from cc_server.config import ProviderName, ServerSettings, SmtpSecurity, SmtpSettings
from cc_server.disk import sync
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Outcome, Unclear

LOCAL_SENDER = "command-center@localhost"
FIRST_REFUSAL, FIRST_FINAL_REFUSAL = 400, 500
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Provider(Protocol):
    """Takes a delivery and says what became of it."""

    knows_stable_keys: bool
    """Whether sending the same delivery twice leaves one: it recognises the stable key."""
    leaves_this_machine: bool

    async def send(self, claimed: Claimed) -> Outcome:
        """Send it, or say why not."""
        ...


class FileProvider:
    """One file a delivery, named by its stable key: `.eml` for mail, `.json` for anything else."""

    knows_stable_keys = True
    leaves_this_machine = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, claimed: Claimed) -> Outcome:
        """Write the file; a second time finds it there."""
        return await asyncio.to_thread(self._write, claimed)

    def _write(self, claimed: Claimed) -> Outcome:
        suffix = ".eml" if claimed.channel is Channel.EMAIL else ".json"
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", claimed.stable_key) + suffix
        attempt = int(claimed.delivery["attempt"])
        try:
            if not (self._folder / name).exists():
                self._write_new(name, attempt, _content(claimed))
        except (MessageError, HeaderParseError, ValueError) as error:
            return NotAccepted(f"it can't be written as a mail: {error}", is_passing=False)
        except OSError as error:
            return NotAccepted(f"{self._folder}: {error.strerror or error}", is_passing=True)
        finally:
            for each in range(1, attempt + 1):
                with contextlib.suppress(OSError):
                    self._draft(name, each).unlink(missing_ok=True)
        return Accepted("file", name)

    def _write_new(self, name: str, attempt: int, content: bytes) -> None:
        """Write a whole file under another name first, so that nobody ever sees half of it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._draft(name, attempt)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / name)
        sync(self._folder)

    def _draft(self, name: str, attempt: int) -> Path:
        """Where an attempt writes; it is known by its number, so that a later one removes what was cut off."""
        return self._folder / f".{name}.{attempt}"


class SmtpProvider:
    """Mails by SMTP; what is no mail goes to the file provider."""

    knows_stable_keys = False

    def __init__(self, settings: SmtpSettings, others: FileProvider) -> None:
        self._settings = settings
        self._others = others
        self.leaves_this_machine = settings.host not in LOOPBACK

    async def send(self, claimed: Claimed) -> Outcome:
        """Hand one mail to the server."""
        if claimed.channel is not Channel.EMAIL:
            return await self._others.send(claimed)
        try:
            message = _mail(claimed, self._settings.sender)
        except (MessageError, HeaderParseError, ValueError) as error:
            return NotAccepted(f"it can't be written as a mail: {error}", is_passing=False)
        return await self._deliver(message)

    async def _deliver(self, message: EmailMessage) -> Outcome:
        security = self._settings.security
        client = aiosmtplib.SMTP(
            hostname=self._settings.host, port=self._settings.port, timeout=self._settings.timeout_seconds,
            use_tls=security is SmtpSecurity.TLS, start_tls=security is SmtpSecurity.STARTTLS,
        )  # fmt: skip
        try:
            await client.connect()
            if self._settings.username is not None:
                await client.login(self._settings.username, self._settings.password or "")
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return NotAccepted(f"the mail server {self._settings.host} can't be used: {_told(error)}", is_passing=True)
        return await _hand_over(client, message)


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage) -> Outcome:
    """Send a mail over a connection, and close it."""
    try:
        await client.send_message(message)
    except aiosmtplib.SMTPNotSupported as error:
        return NotAccepted(f"the mail server can't take this mail: {_told(error)}", is_passing=False)
    except aiosmtplib.SMTPResponseException as error:
        if error.code < FIRST_REFUSAL:
            return Unclear(f"the mail server's answer can't be understood: {_told(error)}")
        return NotAccepted(f"the mail server says {_told(error)}", is_passing=error.code < FIRST_FINAL_REFUSAL)
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        return NotAccepted(f"the recipient is refused: {_told(first)}", is_passing=400 <= first.code < 500)
    except (aiosmtplib.SMTPException, OSError) as error:
        return Unclear(f"the connection to the mail server broke: {_told(error)}")
    finally:
        client.close()
    return Accepted("smtp", str(message["Message-ID"]))


class RecordingProvider:
    """Accepts everything and sends nothing: for history that never was."""

    knows_stable_keys = True
    leaves_this_machine = False

    async def send(self, claimed: Claimed) -> Outcome:
        """Say yes."""
        return self.record(claimed)

    @staticmethod
    def record(claimed: Claimed) -> Accepted:
        """Say yes, without a loop."""
        return Accepted("recorded", claimed.stable_key)


def provider_of(settings: ServerSettings) -> Provider:
    """The provider that an installation is set to."""
    files = FileProvider(settings.outbox)
    return SmtpProvider(settings.smtp, files) if settings.provider is ProviderName.SMTP else files


def _content(claimed: Claimed) -> bytes:
    if claimed.channel is Channel.EMAIL:
        return _mail(claimed, LOCAL_SENDER).as_bytes(policy=SMTP)
    told = {
        "key": claimed.stable_key, "channel": claimed.channel.value, "client_id": claimed.client_id,
        "kind": claimed.kind, "to_email": claimed.to_email, "to_name": claimed.to_name, "subject": claimed.subject,
        "body": claimed.body, "payload": claimed.payload,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def _mail(claimed: Claimed, sender: str) -> EmailMessage:
    """The delivery as a mail.

    Raises:
        ValueError, MessageError: something in it can't stand in a header.
    """
    message = EmailMessage(policy=SMTP)
    message["Date"] = claimed.delivery["changed_at"]
    message["From"] = sender
    local, _, domain = claimed.to_email.rpartition("@")
    message["To"] = Address(claimed.to_name or "", local, domain)
    message["Subject"] = claimed.subject
    message["Message-ID"] = f"<{claimed.stable_key}@{message['From'].addresses[0].domain}>"
    message["X-Command-Center-Key"] = claimed.stable_key
    message.set_content(claimed.body)
    return message


def _told(error: BaseException) -> str:
    """What a server said, on one short line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
