"""What a benchmark found: samples, what they are compared with, and the budget they must keep. Measures nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of one quantity, in the order they were measured.

    Attributes:
        of: What was measured, as the table names it.
    """

    of: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, percent: float) -> float:
        """Linear between the two nearest values."""
        ordered = sorted(self.values)
        place = (len(ordered) - 1) * percent / 100
        below = ordered[int(place)]
        return below + (ordered[min(int(place) + 1, len(ordered) - 1)] - below) * (place - int(place))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        name: What the budget calls it.
        unit: Of the samples: ms, B, B/s, MB, %.
        beside: What it is compared with in the same run, if anything.
        budget: The most it may be: times `beside` where there is one, else in `unit`. None: only told.
        floor: The least it may be, likewise.
    """

    name: str
    unit: str
    ours: Samples
    beside: Samples | None = None
    budget: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our median over the other's."""
        return self.ours.median / self.beside.median if self.beside and self.beside.median else None

    @property
    def is_kept(self) -> bool | None:
        """Within the budget; None where there is none."""
        if self.budget is None and self.floor is None:
            return None
        measured = self.ratio if self.beside is not None else self.ours.median
        if measured is None:
            return False
        return (self.budget is None or measured <= self.budget) and (self.floor is None or measured >= self.floor)

    @property
    def limits(self) -> str:
        """The budget in words."""
        unit = "×" if self.beside else ""
        told = [
            f"{sign} {limit:g}{unit}" for sign, limit in (("≥", self.floor), ("≤", self.budget)) if limit is not None
        ]
        return ", ".join(told) or "–"

    def as_json(self) -> dict[str, Any]:
        """Everything, for `results.json`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": _as_json(self.ours),
            "beside": _as_json(self.beside) if self.beside else None,
            "ratio": self.ratio and round(self.ratio, 3),
            "budget": self.budget,
            "floor": self.floor,
            "kept": self.is_kept,
        }


def table(findings: Iterable[Finding]) -> str:
    """The findings as aligned text: medians with their range, ratio, budget, ok or over."""
    rows = [("", "ours (min–max)", "beside", "ratio", "budget", "")]
    for finding in findings:
        beside, ratio = finding.beside, finding.ratio
        rows.append(
            (
                f"{finding.name}, {finding.unit}",
                _spread(finding.ours),
                f"{_spread(beside)} {beside.of}" if beside else "–",
                f"{ratio:.2f}×" if ratio is not None else "–",
                finding.limits,
                {True: "ok", False: "OVER", None: ""}[finding.is_kept],
            )
        )
    return "\n".join(_aligned(rows))


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _spread(samples: Samples) -> str:
    return f"{_figure(samples.median)} ({_figure(min(samples.values))}–{_figure(max(samples.values))})"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _as_json(samples: Samples) -> dict[str, Any]:
    return {
        "of": samples.of,
        "median": round(samples.median, 3),
        "min": round(min(samples.values), 3),
        "max": round(max(samples.values), 3),
        "n": len(samples.values),
        "values": [round(value, 3) for value in samples.values],
    }
