"""The machine's part of a recording: one comment an attempt, one a run, written and read back.

An attempt's comment stands on its last packet, beside the sentences for people; a run's on the last packet of all.
Both are JSON after a word of their own. What is read is checked: a recording can be damaged, or edited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import Any

from probe.engine.belief.events import IcmpError, Missing
from probe.recording import learned_fields, path_fields
from probe.recording.json_fields import DamagedError, JsonObject, endpoint
from probe.results.death import Death, Ending
from probe.results.learned import Learned
from probe.results.path import UNMEASURED, Loss, Path
from probe.results.verdict import Why
from probe.spec import rules
from probe.spec.icmp import ERRORS, Icmp
from probe.spec.segment import Endpoint, Flow
from probe.spec.seq import Seq

ATTEMPT, RUN = "probe-run ", "probe-check "
_MANY = 10_000
"""Controls that a path which was called clean stands for."""
STEP = re.compile(r"probe \S+ step \d+: (?:tester|peer) ")
"""The sentence for a step of an attempt."""
FOREIGN = "sent by our own kernel (or another process), not by the tester"
"""The end of the sentence for a segment that voids the attempt."""


@dataclass(frozen=True, slots=True)
class BulkMetadata:
    """An attempt of a bulk run: at which target and, unless it passed at once, at which of its exchanges.

    ``word`` and ``rules`` are the verdict on the exchange, empty while another attempt is to follow; ``loss`` is
    what it took into account.
    """

    target: Endpoint
    serial: int = 0
    word: str = ""
    rules: tuple[str, ...] = ()
    loss: Loss = UNMEASURED

    @staticmethod
    def read(record: JsonObject) -> BulkMetadata:
        """Read back from what ``fields`` gave."""
        target = record.endpoint("target")
        if not record.has("serial"):
            return BulkMetadata(target)
        numbers = record.count("serial"), record.text("verdict"), record.texts("rules")
        if record.has("asked"):
            loss = Loss(record.count("asked"), record.count("lost"))
        else:  # older recordings say only whether attempts differed
            loss = Loss(_MANY if record.flag("clean") else 0)
        return BulkMetadata(target, *numbers, loss)

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        out: dict[str, Any] = {"target": pair(self.target)}
        if self.serial:
            out |= {"serial": self.serial, "verdict": self.word, "rules": list(self.rules)}
            out |= {"asked": self.loss.asked, "lost": self.loss.lost}
        return out


@dataclass(frozen=True, slots=True)
class CellMetadata:
    """An attempt of a matrix: the way into the state (empty: none of them), the questions left out for this peer.

    The ``ordinal``-th segment of the tester's is the stimulus (0: it was not sent), ``isns`` are the peer's and the
    tester's in the model's numbers. ``round`` counts how often it was begun anew, ``patient`` is the cell's. The
    exchange of the attempt is the cell's id, or the way's where it was tried alone.
    """

    way: str
    barred: tuple[str, ...] = ()
    ordinal: int = 0
    isns: tuple[Seq, Seq] = (Seq(0), Seq(0))
    round: int = 0
    patient: bool = False

    @staticmethod
    def read(record: JsonObject) -> CellMetadata:
        """Read back from what ``fields`` gave."""
        isns = record.number("peer_isn"), record.number("tester_isn")
        told = record.count("round"), record.flag("patient")
        return CellMetadata(record.text("way"), record.texts("barred"), record.count("ordinal"), isns, *told)

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        isns = {"peer_isn": int(self.isns[0]), "tester_isn": int(self.isns[1])}
        told = {"way": self.way, "barred": list(self.barred), "ordinal": self.ordinal} | isns
        return told | {"round": self.round, "patient": self.patient}


@dataclass(frozen=True, slots=True)
class AttemptMetadata:
    """What makes the judgement of one attempt repeatable, beside its packets.

    ``sent`` has a character a packet, ``>`` from the tester and ``<`` from the peer; ``quiet`` are (event index, time
    in seconds); ``bad_sums`` the places (from 0) of packets whose checksum was wrong and known to be, ``merged`` those
    of packets that may be several; ``kernel`` maps event indices to states, ``named`` to rules that the scenario names,
    ``places`` to places in its script; ``errors`` are ICMP errors, which as packets stand in the file too. ``dropped``
    packets never reached us.
    """

    exchange: str
    number: int
    word: str
    profile: str
    sent: str
    allow: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    obedient: bool = False
    path_delay: float = 0.0
    quiet: tuple[tuple[int, float], ...] = ()
    sealed: int | None = None
    missing: tuple[Missing, ...] = ()
    interrupted: bool = False
    foreign: int = 0
    bad_sums: tuple[int, ...] = ()
    kernel: dict[int, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    named: dict[int, str] = field(default_factory=dict)
    bulk: BulkMetadata | None = None
    merged: tuple[int, ...] = ()
    places: dict[int, int] = field(default_factory=dict)
    errors: tuple[IcmpError, ...] = ()
    leaves: bool = False
    cell: CellMetadata | None = None
    dropped: int = 0

    def text(self) -> str:
        """The comment."""
        record: dict[str, Any] = {
            "exchange": self.exchange,
            "attempt": self.number,
            "verdict": self.word,
            "profile": self.profile,
            "allow": list(self.allow),
            "start": list(self.start),
            "obedient": self.obedient,
            "leaves": self.leaves,
            "path_delay": self.path_delay,
            "sent": self.sent,
            "quiet": [list(pair) for pair in self.quiet],
            "sealed": self.sealed,
            "missing": [[m.index, m.what, m.rule, m.application, m.waited] for m in self.missing],
            "interrupted": self.interrupted,
            "foreign": self.foreign,
            "bad_sums": list(self.bad_sums),
            "kernel": [[index, state] for index, state in self.kernel.items()],
            "rules": list(self.rules),
            "named": [[index, rule] for index, rule in self.named.items()],
            "places": [[index, place] for index, place in self.places.items()],
        }
        if short := [place for place, m in enumerate(self.missing) if m.short]:
            record["short"] = short
        if self.merged:
            record["merged"] = list(self.merged)
        if self.errors:
            record["errors"] = [
                [e.time, e.index + 1, e.about + 1, e.icmp.host, e.icmp.version, e.icmp.type, e.icmp.code, e.icmp.mtu]
                for e in self.errors
            ]
        if self.dropped:
            record["dropped"] = self.dropped
        if self.bulk is not None:
            record["bulk"] = self.bulk.fields()
        if self.cell is not None:
            record["cell"] = self.cell.fields()
        return ATTEMPT + json.dumps(record, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Unsent:
    """An attempt that left no packet: a peer that was to open did not, or something on our side held its SYN back."""

    exchange: str
    number: int
    interrupted: bool
    flow: Flow
    cell: CellMetadata | None = None

    def row(self) -> list[Any]:
        """As JSON."""
        ends = pair(self.flow.local), pair(self.flow.remote)
        return [self.exchange, self.number, self.interrupted, *ends, *([self.cell.fields()] if self.cell else [])]


def unsent_of(record: JsonObject, *more: type) -> Iterator[Unsent]:
    """Read back from rows; those of a matrix have one value more, the cell."""
    for row in record.rows("unseen", str, int, bool, list, list, *more):
        exchange, number, interrupted, local, remote, *cell = row
        flow = Flow(endpoint(local, "unseen"), endpoint(remote, "unseen"))
        yield Unsent(exchange, number, interrupted, flow, CellMetadata.read(JsonObject(cell[0])) if cell else None)


@dataclass(frozen=True, slots=True)
class RunMetadata:
    """One check: its exchanges in the order of the report, the verdicts given, what was skipped and why.

    ``verdicts`` maps an exchange to its word and rules; ``skipped`` to why it was not played, also as a sentence (NONE
    in recordings made before this was noted); ``unsent`` are attempts of which not one packet passed; ``remarks``
    (warnings that no packet shows), ``caveat`` (another) and ``trouble`` (why it ended early) are what only the live
    run could know. ``path`` is what it found out about the path, ``learned`` about the peer's ways; ``late``: it ended
    at its deadline; ``unanswered``: before the first exchange, and why.
    """

    target: Endpoint
    exchanges: tuple[str, ...]
    verdicts: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    skipped: dict[str, tuple[Why, str]] = field(default_factory=dict)
    unsent: tuple[Unsent, ...] = ()
    interrupted: bool = False
    seconds: float = 0.0
    caveat: str = ""
    remarks: tuple[str, ...] = ()
    trouble: str = ""
    late: bool = False
    unanswered: str = ""
    trigger: str = ""
    path: Path | None = None
    deaths: tuple[Death, ...] = ()
    learned: Learned | None = None

    def text(self) -> str:
        """The comment."""
        record: dict[str, Any] = {
            "target": pair(self.target),
            "exchanges": list(self.exchanges),
            "verdicts": [[name, word, list(rules)] for name, (word, rules) in self.verdicts.items()],
            "skipped": [[name, reason] for name, (_, reason) in self.skipped.items()],
            "why": [[name, why] for name, (why, _) in self.skipped.items()],
            "unseen": [u.row() for u in self.unsent],
            "interrupted": self.interrupted,
            "seconds": self.seconds,
            "caveat": self.caveat,
            "remarks": list(self.remarks),
            "trouble": self.trouble,
            "late": self.late,
            "unanswered": self.unanswered,
            "trigger": self.trigger,
            **({} if self.path is None else {"path": path_fields.written(self.path)}),
            **({} if self.learned is None else {"learned": learned_fields.written(self.learned)}),
        }
        if self.deaths:
            record["deaths"] = [list(astuple(death)) for death in self.deaths]
        return RUN + json.dumps(record, separators=(",", ":"))


def pair(endpoint: Endpoint) -> list[str | int]:
    """An endpoint as JSON."""
    return [endpoint.address, endpoint.port]


def read_attempt(comment: str) -> AttemptMetadata:
    """What an attempt's comment says; DamagedError, which says what is wrong, when it is none."""
    record = JsonObject.parsed(comment.removeprefix(ATTEMPT))
    bulk = record.inner("bulk")
    sent = record.text("sent")
    short = {place for (place,) in record.rows("short", int)} if record.has("short") else set()
    if set(sent) - {">", "<"}:
        raise DamagedError("sent holds something else than directions")
    return AttemptMetadata(
        exchange=record.text("exchange"),
        number=record.count("attempt"),
        word=record.text("verdict"),
        profile=record.text("profile"),
        sent=sent,
        allow=record.texts("allow"),
        start=record.texts("start"),
        obedient=record.flag("obedient"),
        path_delay=record.seconds("path_delay"),
        quiet=tuple((i, t) for i, t in record.rows("quiet", int, float)),
        sealed=record.count_or_none("sealed"),
        missing=tuple(
            Missing(index, what, rule, application, waited, short=place in short)
            for place, (index, what, rule, application, waited) in enumerate(
                record.rows("missing", int, str, str, bool, float)
            )
        ),
        interrupted=record.flag("interrupted"),
        foreign=record.count("foreign"),
        bad_sums=tuple(i for (i,) in record.rows("bad_sums", int)),
        kernel=dict(record.rows("kernel", int, str)),
        rules=record.texts("rules"),
        named=dict(record.rows("named", int, str)) if record.has("named") else {},
        bulk=None if bulk is None else BulkMetadata.read(bulk),
        merged=tuple(i for (i,) in record.rows("merged", int)) if record.has("merged") else (),
        places=dict(record.rows("places", int, int)) if record.has("places") else {},
        errors=_errors(record) if record.has("errors") else (),
        leaves=record.has("leaves") and record.flag("leaves"),
        cell=None if (cell := record.inner("cell")) is None else CellMetadata.read(cell),
        dropped=record.count("dropped") if record.has("dropped") else 0,
    )


def _errors(record: JsonObject) -> tuple[IcmpError, ...]:
    """Numbers of packets are not noted: what is put together from several files would have others."""
    rows = record.rows("errors", float, int, int, str, int, int, int, int)
    if any(kind not in ERRORS.get(version, ()) for *_, version, kind, _, _ in rows):
        raise DamagedError("it holds an ICMP error of no known type")
    return tuple(
        IcmpError(time, index - 1, about - 1, Icmp(host, version, kind, code, mtu))
        for time, index, about, host, version, kind, code, mtu in rows
    )


def read_run(comment: str) -> RunMetadata:
    """What a run's comment says; DamagedError, which says what is wrong, when it is none."""
    record = JsonObject.parsed(comment.removeprefix(RUN))
    why = dict(record.rows("why", str, str)) if record.has("why") else {}
    return RunMetadata(
        target=record.endpoint("target"),
        exchanges=record.texts("exchanges"),
        verdicts={
            name: (word, tuple(map(str, rules))) for name, word, rules in record.rows("verdicts", str, str, list)
        },
        skipped={name: (why_of(why.get(name, "")), reason) for name, reason in record.rows("skipped", str, str)},
        unsent=tuple(unsent_of(record)),
        interrupted=record.flag("interrupted"),
        seconds=record.seconds("seconds"),
        caveat=record.text("caveat"),
        remarks=record.texts("remarks") if record.has("remarks") else (),
        trouble=record.text("trouble"),
        late=record.has("late") and record.flag("late"),
        unanswered=record.text("unanswered") if record.has("unanswered") else "",
        trigger=record.text("trigger") if record.has("trigger") else "",
        path=None if (path := record.inner("path")) is None else path_fields.read(path),
        deaths=tuple(map(death_of, record.rows("deaths", *DEATH))) if record.has("deaths") else (),
        learned=learned_fields.of(record),
    )


DEATH = (str, list, list, list, int, float, str, str, int, int)
"""What the fields of a Death are in JSON, in their order."""


def death_of(row: tuple[Any, ...]) -> Death:
    """Read back from its fields."""
    ending, suspects, segments, packets, asked, seconds, trouble, rule, ended, tries = row
    if ending not in set(Ending) or (rule and (rule not in rules.ALL or len(suspects) != 1)):
        raise DamagedError("deaths holds one that cannot be")
    names, said = tuple(map(str, suspects)), tuple(map(str, segments))
    numbers = tuple(number for number in packets if isinstance(number, int))
    return Death(Ending(ending), names, said, numbers, asked, seconds, trouble, rule, ended, tries)


def why_of(word: str) -> Why:
    """NONE where it is not known: a later version may have others."""
    return Why(word) if word in set(Why) else Why.NONE
