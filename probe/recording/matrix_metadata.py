"""The machine's comments of a matrix: the verdict on each cell, and how the run went."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field

from probe.recording import learned_fields
from probe.recording.json_fields import JsonObject
from probe.recording.metadata import DEATH, Unsent, death_of, pair, unsent_of, why_of
from probe.results.death import Death
from probe.results.learned import Learned
from probe.results.verdict import Why
from probe.spec.segment import Endpoint

CELL, MATRIX = "probe-cell ", "probe-matrix "


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """The verdict on a cell, on the last packet of its last attempt: its word and the rules found broken."""

    cell: str
    word: str
    rules: tuple[str, ...] = ()

    def text(self) -> str:
        """The comment."""
        record = {"cell": self.cell, "verdict": self.word, "rules": list(self.rules)}
        return CELL + json.dumps(record, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class MatrixMetadata:
    """One matrix: what was asked for, how it went, and what only the live run could know.

    ``only`` are pairs of a state and a kind of segment (empty: all), ``left_out`` patterns of cells. ``ways`` are the
    ids of the ways tried, in the order of the report; ``skipped`` those that were not, with why. ``deaths`` are
    those of the peer. What was played is whole unless the run ended early.
    """

    target: Endpoint
    trigger: str
    ways: tuple[str, ...]
    only: frozenset[tuple[str, str]] = frozenset()
    left_out: tuple[str, ...] = ()
    skipped: dict[str, tuple[Why, str]] = field(default_factory=dict)
    unsent: tuple[Unsent, ...] = ()
    connections: int = 0
    interrupted: bool = False
    late: bool = False
    deaths: tuple[Death, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    trouble: str = ""
    learned: Learned | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing ended it early."""
        return not (self.interrupted or self.late or self.deaths or self.trouble)

    def text(self) -> str:
        """The comment."""
        record = {
            "target": pair(self.target),
            "trigger": self.trigger,
            "ways": list(self.ways),
            "only": sorted(map(list, self.only)),
            "left_out": list(self.left_out),
            "skipped": [[way, why, reason] for way, (why, reason) in self.skipped.items()],
            "unseen": [u.row() for u in self.unsent],
            "connections": self.connections,
            "interrupted": self.interrupted,
            "late": self.late,
            "deaths": [list(astuple(one)) for one in self.deaths],
            "seconds": self.seconds,
            "warnings": list(self.warnings),
            "trouble": self.trouble,
            **({} if self.learned is None else {"learned": learned_fields.written(self.learned)}),
        }
        return MATRIX + json.dumps(record, separators=(",", ":"))


def read_cell(comment: str) -> CellVerdict:
    """What the comment on a cell says; DamagedError, which says what is wrong, when it is none."""
    record = JsonObject.parsed(comment.removeprefix(CELL))
    return CellVerdict(record.text("cell"), record.text("verdict"), record.texts("rules"))


def read_matrix(comment: str) -> MatrixMetadata:
    """What a matrix's comment says; DamagedError, which says what is wrong, when it is none."""
    record = JsonObject.parsed(comment.removeprefix(MATRIX))
    return MatrixMetadata(
        target=record.endpoint("target"),
        trigger=record.text("trigger"),
        ways=record.texts("ways"),
        only=frozenset((state, kind) for state, kind in record.rows("only", str, str)),
        left_out=record.texts("left_out"),
        skipped={way: (why_of(why), reason) for way, why, reason in record.rows("skipped", str, str, str)},
        unsent=tuple(unsent_of(record, dict)),
        connections=record.count("connections"),
        interrupted=record.flag("interrupted"),
        late=record.flag("late"),
        deaths=tuple(map(death_of, record.rows("deaths", *DEATH))),
        seconds=record.seconds("seconds"),
        warnings=record.texts("warnings"),
        trouble=record.text("trouble"),
        learned=learned_fields.of(record),
    )
