"""The report of a replay: recordings as their checks, captures by counts, connections, findings, ladders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial

from probe.reports import data
from probe.reports import document as doc
from probe.reports.builders import captured, check, common, matrix, why
from probe.reports.document import Data
from probe.results.connection import Connection, Evidence, Packet, Recording, Replay
from probe.results.proofs import CapturedEnd
from probe.results.timeline import KINDS, Timeline
from probe.results.verdict import Verdict

LATE = "these are the results so far; what was not read by then is inconclusive"
_BAR = 10
SUSPICIONS = 5
"""So many lines tell what files bear the signs of."""
DRAWN = 10
"""So many connections that failed are drawn with their segments, the worst first; the others by their findings."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is told: captures, recordings, and what was asked for.

    ``whole`` is of all files together, for formats that keep everything, as are ``rows`` (of JSON); of the captures the
    first ``limit`` (None: all) are listed, after ``filters`` as given. ``segments`` looks up those of connections,
    ``oddities``: those of captures are listed, ``timeline``: their connections are counted by time.
    """

    whole: Replay
    captures: Replay | None = None
    recordings: Sequence[Recording] = ()
    rows: Callable[[], Iterable[Data | str]] = tuple
    limit: int | None = 20
    filters: tuple[str, ...] = ()
    show: common.Chosen = common.none
    why: common.Chosen = common.none
    segments: Callable[[Sequence[Connection]], captured.Segments] = field(default=lambda connections: {})
    oddities: bool = False
    timeline: bool = False

    @property
    def listed(self) -> tuple[Connection, ...]:
        """The connections that are listed, in the order of the captures' report."""
        return self.captures.listed[: self.limit] if self.captures is not None else ()


def document(found: Replayed) -> doc.Document:
    """The document: a section a recording, and one for all captures."""
    sections = []
    for place, one in enumerate(found.recordings, 1):
        last = place == len(found.recordings) and found.captures is None
        told = (f"{one.file}: {recording_text(one)}", *one.differs)
        section = (
            check.section(one.report, found.show, found.why)
            if one.matrix is None
            else matrix.section(one.matrix, found.why)
        )
        code = None if last else one.exit_code
        sections.append(replace(section, subject=one.file, preface=told, code=code))
    if found.captures is not None:
        sections.append(_section(found.captures, found))
    return doc.Document(
        "replay",
        tuple(sections),
        lambda: data.replay(found.whole, found.recordings, found.rows()),
        frozenset({"connections"}),
        timed=False,  # as the lines of connections, which have times of their own
        suites=partial(_suites, found),
        alerts=partial(_alerts, found),
        damage=tuple(
            f"{file}, octet {octet}: {reason}; results up to there"
            for file, octet, reason in (found.captures.faults if found.captures is not None else ())
        ),
    )


def recording_text(recording: Recording) -> str:
    """Whence it comes, and whether its verdicts are the recorded ones; those that differ follow it."""
    whose = "`probe check`" if recording.matrix is None else "`probe matrix`"
    unchecked = "; ".join(one.reason for one in recording.report.unchecked)
    if unchecked and not recording.verdicts:
        return f"a recording of {whose}; {unchecked}"
    count = sum(recording.verdicts.values())
    told = f"all {_several(count, 'verdict')} equal the recorded ones"
    if recording.differs:
        told = f"{len(recording.differs)} of {_several(count, 'verdict')} differ from the recorded ones:"
    return f"a recording of {whose}, judged again from its packets; {unchecked + '; ' * bool(unchecked)}{told}"


Picked = tuple[Connection, Sequence[Packet], Sequence[CapturedEnd]]
"""A connection with all its packets and, where it was asked why, how its ends were judged."""


def shown(replay: Replay, picked: Sequence[Picked]) -> doc.Document:
    """Some connections with all their segments, and nothing else; ``replay`` counts them."""
    parts: list[doc.Part] = []
    for connection, packets, ends in picked:
        parts.append(captured.ladder(connection, packets))
        parts += [captured.deviations(connection, {})] if connection.findings else []
        parts += [why.ends(connection, ends)] if ends else []
    rows = (data.connection(connection, packets, ends) for connection, packets, ends in picked)
    section = doc.Section("", _counts(replay), tuple(parts))
    return doc.Document("replay", (section,) * bool(picked), lambda: data.replay(replay, (), rows))


# -- captures ----------------------------------------------------------------------------------------------------------


def _section(replay: Replay, found: Replayed) -> doc.Section:
    names = captured.short_names(replay.files)
    failed = sum(count for word, count in replay.verdicts.items() if common.fails(Verdict(word), replay))
    told = common.headline(replay.connections, failed, "connection")
    told += ", but not all was read" if replay.connections and (replay.late or replay.interrupted) else ""
    broken = replay.deviations.items()
    rows = [(doc.Toned(rule, "code"), doc.toned(word), f"{count:,}") for (rule, word), count in broken]
    files = replay.files[0] if len(replay.files) == 1 else f"{len(replay.files):,} files"
    counted = f"{_several(replay.connections, 'connection')} in {_several(replay.records, 'record')}"
    heading = f"{files}: {counted}, profile {replay.profile}, {replay.seconds:.1f} s"
    lines = (*captured.troubles(replay, names), *_answer(replay, found))
    overview: list[doc.Part] = [doc.Answer(heading, lines)]
    overview += [doc.Table(("rule broken", "verdict", "connections"), tuple(rows), on=doc.On.SUMMARY)] if rows else []
    details: list[doc.Part] = []
    if found.listed:
        most = replay.connections if found.limit is None else found.limit
        left = (len(replay.listed) if found.filters else replay.connections) - min(len(replay.listed), most)
        how = "--limit all lists them, --filter chooses, --jsonl writes them to a file"
        more = f"{left:,} more not shown: {how}" if left > 0 else ""
        details.append(captured.table(found.listed, names, more))
    details += [_timeline(replay.timeline)] if found.timeline and replay.timeline.rows else []
    details += [captured.oddities(replay.oddities, found.listed, names)] if found.oddities else []
    details += [captured.deviations(c, names) for c in found.listed if c.findings]
    drawn = [c for c in found.listed if common.fails(c.news, replay)]
    segments = cache(lambda: found.segments(drawn[:DRAWN]))  # when first asked for: it takes another look at the files
    for c in drawn:
        title = f"Connection {captured.name_of(c, names)}: ladder"
        details.append(replace(captured.ladder(c, (), segments), title=title, on=doc.On.SUMMARY))
    details += common.gone(replay.expected)
    return doc.Section(told, _counts(replay), tuple(overview), tuple(details), subject=files)


def _counts(replay: Replay) -> doc.Counts:
    lead = f"{replay.connections} connection{'s' * (replay.connections != 1)}, "
    words = {Verdict(word): count for word, count in replay.verdicts.items()}
    return doc.Counts(words, lead, replay.known if replay.expected else None, replay.interrupted)


def _answer(replay: Replay, found: Replayed) -> Iterator[doc.Line]:
    if replay.connections:
        opened, closed = Counter[str](), Counter[str]()
        for (handshake, close), count in replay.counts.items():
            opened[handshake] += count
            closed[close] += count
        yield doc.fact("handshake", _counted(opened))
        yield doc.fact("close", _counted(closed))
        words: list[doc.Text] = []
        for word in Verdict:
            if replay.verdicts.get(word):
                words += [", " if words else "", doc.toned(word), f" {replay.verdicts[word]:,}"]
        words += [", " if words else "", doc.toned("skip", "expected"), f" {replay.known:,}"] if replay.known else []
        yield doc.Line("verdict", tuple(words))
        if set(replay.evidence) - {Evidence.COMPLETE}:
            yield doc.fact("evidence", _counted(replay.evidence))
        yield from _suspicions(replay)
        if found.filters:
            told = f"{_several(len(replay.listed), 'connection')} listed; the counts above are of all"
            if found.limit is not None and len(replay.listed) == found.limit:  # the rest is not known
                told = f"the worst {found.limit:,} that match are listed, --limit all lists every one"
            yield doc.fact("filter", f"{', '.join(found.filters)}: {told}")
    else:
        yield doc.fact("no result", "no TCP connection was found, so there is nothing to judge")
    if any(replay.skipped.values()):
        yield doc.fact("skipped", f"{_several(sum(replay.skipped.values()), 'record')}: {_counted(replay.skipped)}")
    for file, offset, reason in replay.faults:
        where = f"{file} at octet {offset}: {reason}; results up to there" if offset else f"{file}: {reason}"
        yield doc.fact("damaged", where)
    if replay.interrupted:
        yield doc.fact("interrupted", "these are the results so far")
    if replay.late:
        yield doc.fact("deadline", LATE)


def _timeline(found: Timeline) -> doc.Table:
    """A line a row: when it begins, how many of each kind, and a bar for the sum of them."""
    counts = [[getattr(row, kind) for kind in KINDS] for row in found.rows]
    most, moments = max(map(sum, counts)), [datetime.fromtimestamp(row.time, UTC) for row in found.rows]
    form = "%Y-%m-%d" if found.seconds >= 86_400 else "%m-%d %H:%M" if found.seconds >= 60 else "%H:%M:%S"
    rows = [
        (
            f"{moment:{form}}" + (f".{moment.microsecond // 1000:03}" if found.seconds < 1 else ""),
            *(f"{count:,}" for count in row),
            "#" * -(-sum(row) * _BAR // max(most, 1)),
        )
        for moment, row in zip(moments, counts, strict=True)
    ]
    title = f"Timeline from {moments[0]:%Y-%m-%d %H:%M:%S} UTC, {found.seconds:g} s a line"
    headers = ("from", *KINDS, "all")
    alone = tuple((column,) for column in range(len(headers)))
    return doc.Table(headers, tuple(rows), title, stacks=alone, spare=frozenset({len(KINDS) + 1}))


def _suspicions(replay: Replay) -> Iterator[doc.Line]:
    """What the records of the files bear the signs of, the most frequent first."""
    names = captured.short_names(replay.files)
    ordered = sorted(replay.suspicions, key=lambda one: -one.count)
    for one in ordered[:SUSPICIONS]:
        file = f"{names[one.file]}: " if len(names) > 1 else ""
        late = f", by up to {one.lag * 1000:.3g} ms" if one.lag else ""
        yield doc.fact(
            "records", f"{file}{one.artefact.text}{late} ({one.count:,} of {_several(one.of, 'connection')})"
        )
    if len(ordered) > SUSPICIONS:
        yield doc.fact("records", f"{len(ordered) - SUSPICIONS:,} more such signs are in --json")


def _counted(counts: Mapping[str, int] | Mapping[Evidence, int]) -> str:
    """``four-way 12, none 3``, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{what} {count:,}" for what, count in ordered if count)


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


# -- for pipelines -----------------------------------------------------------------------------------------------------


def _alerts(found: Replayed) -> Iterator[doc.Alert]:
    """One a finding in recordings; of captures one a rule broken, with the first connection listed as its example."""
    for one in found.recordings:
        yield from check.alerts(one.report) if one.matrix is None else matrix.alerts(one.matrix)
    replay = found.captures
    if replay is None:
        return
    for (rule, word), count in sorted(replay.deviations.items(), key=lambda entry: entry[0][1] is not Verdict.FAIL):
        message = "none of them is among those that --limit lists"
        if example := next(((c, f) for c in found.listed for f in c.fresh if f.rule == rule), None):
            c, f = example
            place = f"connection {c.index} of {c.file} ({c.client} > {c.server})"
            message = f"{place}: {common.finding_text(f)}, by {captured.blamed(c, f)} ({f.level_text}, {f.clause})"
        yield from common.alert(word, replay, f"{rule} in {count:,} connection{'s' * (count != 1)}", message)
    yield from captured.trouble_alerts(replay)
    if replay.late and Verdict.INCONCLUSIVE in replay.fail_on:
        yield doc.Alert(True, "inconclusive", LATE)


def _suites(found: Replayed) -> list[doc.Suite]:
    """Recordings as checks are; of captures one a file with a case a connection listed, the counts are of all."""
    suites, late = list[doc.Suite](), list[doc.Case]()
    for one in found.recordings:
        if any(unread.target == one.file for unread in one.report.unchecked):
            late.append(_late(one.report.unchecked[0].reason, one.report.fail_on, one.file))
        else:
            suites += check.suites(one.report) if one.matrix is None else matrix.suites(one.matrix)
    if (replay := found.captures) is not None:
        late += [_late(LATE, replay.fail_on, "captures")] if replay.late else []
        properties = {
            "profile": replay.profile,
            "files": str(len(replay.files)),
            "connections": str(replay.connections),
            **{word.value: str(replay.verdicts.get(word, 0)) for word in Verdict},
            **({"expected": str(replay.known)} if replay.expected else {}),
        }
        # Those something is listed of; one at least, so that the counts have a place.
        files = [file for file in replay.files if any(c.file == file for c in found.listed)] or replay.files[:1]
        for file in files:
            own = [c for c in found.listed if c.file == file]
            seconds, began = sum(c.duration for c in own), min((c.start for c in own), default=None)
            cases = [captured.case(c, replay.fail_on) for c in own]
            suites.append(doc.Suite(file, cases, properties, seconds, began))
        if replay.troubles:
            told = [captured.trouble_case(one, failing=replay.fail_on_trouble) for one in replay.troubles]
            suites.append(doc.Suite("trouble", told))
    return suites + ([doc.Suite("deadline", late)] if late else [])


def _late(reason: str, fail_on: frozenset[Verdict], name: str) -> doc.Case:
    """What the deadline left unread or unjudged: inconclusive."""
    end = doc.CaseEnd.FAILED if Verdict.INCONCLUSIVE in fail_on else doc.CaseEnd.SKIPPED
    return doc.Case(name, end, f"inconclusive: {reason}", "inconclusive")
