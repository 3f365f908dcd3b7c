"""What every model of the wire shares: how money, times, open enums, pages and answers are written.

The client and the server both import these models, so that the two can't drift. Nothing here does I/O.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ItemT = TypeVar("ItemT")
EnumT = TypeVar("EnumT", bound=StrEnum)


class Wire(BaseModel):
    """Anything that is read from the wire: unknown fields are left aside, values are not changed afterwards.

    Texts are not remembered: pydantic would hold on to 16,384 of them for ever, and most come only once.
    """

    model_config = ConfigDict(
        extra="ignore", frozen=True, populate_by_name=True, defer_build=True, cache_strings="none"
    )


class RequestBody(BaseModel):
    """Anything that is sent to be acted on: nothing is coerced, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _in_utc(value: datetime) -> datetime:
    """Read a naive time as UTC, and any other in UTC."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment in UTC: RFC 3339 with `Z` on the wire."""

Usd = Annotated[Decimal, Field(allow_inf_nan=False)]
"""US dollars: a decimal in a string on the wire; numbers are accepted too."""

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
"""A share of one."""

Open = Annotated[EnumT | str, Field(union_mode="left_to_right")]
"""An enum that newer servers may extend: a value we don't know stays the text it is."""


class Page(Wire, Generic[ItemT]):
    """One page of a collection (contract, section 1, lists)."""

    items: list[ItemT] = Field(description="The rows of this page, in the order that was asked for.")
    next_cursor: str | None = Field(default=None, description="Opaque; hand it back as `cursor` for the next page.")
    total: int | None = Field(default=None, description="Rows that match, or null where they were not counted.")


class ActionAnswer(Wire, Generic[ItemT]):
    """What an action answers: the new state, whether anything changed, and the object."""

    status: str = Field(description="The state after the action.")
    changed: bool = Field(description="False when it was so already.")
    item: ItemT = Field(description="The object after the action.")


class FieldError(Wire):
    """One field that was refused."""

    loc: list[str | int] = Field(description="Where the value stands, from the outside in.")
    msg: str = Field(description="What is wrong with it, in words.")


class Problem(Wire):
    """An error as RFC 9457 has it (`application/problem+json`)."""

    type: str = Field(default="about:blank", description="A relative address of a page that explains the code.")
    title: str = Field(default="", description="The code in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(default="", description="What happened here, to which object, and what to do.")
    code: str = Field(default="", description="The stable word to branch on.")
    instance: str | None = Field(default=None, description="The request's id.")
    errors: list[FieldError] | None = Field(default=None, description="The fields that were refused (422).")
