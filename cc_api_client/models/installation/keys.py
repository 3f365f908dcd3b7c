"""API keys: who may ask the server, in which role, for which clients (contract, section 6)."""

from __future__ import annotations

from pydantic import Field

from cc_api_client.models.base import Open, RequestBody, UtcTime, Wire
from cc_api_client.models.installation.roles import Role

KEY_NAME = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,98}[^\s\x00-\x1f\x7f])?$"
"""1 to 100 characters without control characters, and no blank at either end."""


class ApiKey(Wire):
    """One key; the token itself is shown nowhere but in the answer that made it."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Whose it is; decisions are recorded under it. Never used again, even once revoked.")
    role: Open[Role] = Field(description="What it may do.")
    client_ids: list[str] | None = Field(default=None, description="The clients it is bound to; null: all.")
    prefix: str = Field(description="How its token begins.")
    created_at: UtcTime = Field(description="When it was made.")
    last_used_at: UtcTime | None = Field(default=None, description="When it was last used, to the minute.")
    revoked_at: UtcTime | None = Field(default=None, description="When it was revoked; null: it is valid.")


class NewApiKey(RequestBody):
    """A key that is to be made."""

    name: str = Field(pattern=KEY_NAME, description="Whose it will be: a name that no key ever had.")
    role: Role = Field(strict=False, description="What it may do.")
    client_ids: list[str] | None = Field(
        default=None, min_length=1, max_length=500, description="The clients to bind it to; null: all."
    )


class CreatedApiKey(Wire):
    """A key that was made, with its token, this once."""

    key: ApiKey = Field(description="The key.")
    token: str | None = Field(
        repr=False, description="What `X-API-Key` takes; null when the answer is given a second time."
    )
