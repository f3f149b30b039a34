"""The report on a replay for people: first the answer, then a row per connection, findings in full."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from probe.reports.as_replay_json import Recording
from probe.reports.as_text import Style, fates
from probe.reports.replay_table import connections_table, short_names
from probe.reports.wording import packets_text
from probe.results.connection import Close, Connection, Evidence, Handshake, Replay
from probe.results.verdict import Finding, Verdict
from probe.spec import rules

LATE = "these are the results so far; what was not read by then is inconclusive"
_LABEL = 12
_WORDS = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for: how many rows (None: all), and the filters as given (empty: none)."""

    limit: int | None = 20
    filters: tuple[str, ...] = ()


def render(replay: Replay, style: Style | None = None, *, scope: Scope | None = None, exit_code: int) -> str:
    """The whole report, ending in a line for grep. Rows are in the order of ``listed``."""
    how, asked = style or Style(), scope or Scope()
    parts = ["\n".join(_answer(replay, asked, how))]
    rows = replay.listed[: asked.limit]
    names = short_names(replay.files)
    if rows and not how.brief:
        parts.append(connections_table(rows, how, replay.files, _more(replay, asked)))
        parts += [finding_text(c, f, how, names) for c in rows for f in c.findings]
    parts += fates(replay.expected, how)
    parts.append(counts_line(replay, exit_code))
    return "\n\n".join(parts) + "\n"


def recording_heading(recording: Recording, how: Style) -> str:
    """What stands above the report on a recording: whence it comes, and whether its verdicts are the recorded ones."""
    lines = [f"{recording.file}: {recording_text(recording)}", *(f"  {sentence}" for sentence in recording.differs)]
    wrapped = (textwrap.fill(line, how.width, subsequent_indent="    ", break_on_hyphens=False) for line in lines)
    return "\n".join(wrapped) + "\n\n"


def recording_text(recording: Recording) -> str:
    """The same in a sentence; the verdicts that differ follow it."""
    if recording.report.unchecked:
        return f"a recording of `probe check`; {recording.report.unchecked[0].reason}"
    count = sum(recording.verdicts.values())
    told = f"all {_several(count, 'verdict')} equal the recorded ones"
    if recording.differs:
        told = f"{len(recording.differs)} of {_several(count, 'verdict')} differ from the recorded ones:"
    return f"a recording of `probe check`, judged again from its packets; {told}"


def counts_line(replay: Replay, exit_code: int) -> str:
    """``probe: 3 connections, 2 pass, 1 fail, 0 warn, 0 inconclusive, 0 skip; exit 1``.

    With expectations, connections that deviate in expected ways only are counted for themselves.
    """
    counts = ", ".join(f"{replay.verdicts.get(word, 0)} {word}" for word in _WORDS)
    counts += f", {replay.known} expected" if replay.expected else ""
    interrupted = ", interrupted" if replay.interrupted else ""
    found = f"{replay.connections} connection{'s' * (replay.connections != 1)}"
    return f"probe: {found}, {counts}{interrupted}; exit {exit_code}"


# -- the answer --------------------------------------------------------------------------------------------------------


def _answer(replay: Replay, asked: Scope, how: Style) -> Iterator[str]:
    yield from _headline(replay, how)
    yield from _connections(replay, asked, how)
    skipped = _counted(replay.skipped.items())
    if skipped:
        yield from _line("skipped", f"{_several(sum(replay.skipped.values()), 'record')}: {skipped}", how)
    for file, offset, reason in replay.faults:
        where = f"{file} at octet {offset}: {reason}; results up to there" if offset else f"{file}: {reason}"
        yield from _line("damaged", where, how)
    if replay.interrupted:
        yield from _line("interrupted", "these are the results so far", how)
    if replay.late:
        yield from _line("deadline", LATE, how)


def _headline(replay: Replay, how: Style) -> Iterator[str]:
    files = replay.files[0] if len(replay.files) == 1 else f"{len(replay.files):,} files"
    text = (
        f"{files}: {_several(replay.connections, 'connection')} in {_several(replay.records, 'record')},"
        f" profile {replay.profile}, {replay.seconds:.1f} s"
    )
    yield from (how.paint.strong(line) for line in textwrap.wrap(text, how.width, break_on_hyphens=False))


def _connections(replay: Replay, asked: Scope, how: Style) -> Iterator[str]:
    if not replay.connections:
        yield from _line("no result", "no TCP connection was found, so there is nothing to judge", how)
        return
    yield from _line("handshake", outcomes_text(replay.counts, 0), how)
    yield from _line("close", outcomes_text(replay.counts, 1), how)
    verdicts = [f"{how.paint.word(w)} {replay.verdicts[w]:,}" for w in _WORDS if replay.verdicts.get(w)]
    verdicts += [f"{how.paint.word('skip', 'expected')} {replay.known:,}"] if replay.known else []
    yield f"  {'verdict':<{_LABEL}}{', '.join(verdicts)}"
    if set(replay.evidence) - {Evidence.COMPLETE}:
        yield from _line("evidence", _counted(replay.evidence.items()), how)
    if asked.filters:
        yield from _line("filter", f"{', '.join(asked.filters)}: {_matches(replay, asked)}", how)


def outcomes_text(counts: Mapping[tuple[Handshake, Close], int], part: int) -> str:
    """How connections were opened (``part`` 0) or closed (1), counted."""
    halves: Counter[str] = Counter()
    for outcome, count in counts.items():
        halves[outcome[part]] += count
    return _counted(halves.items())


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    """``four-way 12, none 3``, the most frequent first."""
    ordered = sorted(counts, key=lambda item: -item[1])
    return ", ".join(f"{what} {count:,}" for what, count in ordered if count)


def _line(label: str, text: str, how: Style) -> list[str]:
    lead = f"  {label:<{_LABEL}}"
    return textwrap.wrap(
        text, how.width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    )


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _matches(replay: Replay, asked: Scope) -> str:
    """How many rows there are to show; once the limit is reached the rest is not known."""
    if asked.limit is not None and len(replay.listed) == asked.limit:
        return f"the worst {asked.limit:,} that match are listed, --limit all lists every one"
    return f"{_several(len(replay.listed), 'connection')} listed; the counts above are of all"


def _more(replay: Replay, asked: Scope) -> str:
    left = (len(replay.listed) if asked.filters else replay.connections) - min(
        len(replay.listed), replay.connections if asked.limit is None else asked.limit
    )
    if left <= 0:
        return ""
    return f"{left:,} more not shown: --limit all lists them, --filter chooses, --jsonl writes them to a file"


# -- in full -----------------------------------------------------------------------------------------------------------


def finding_text(
    found: Connection, finding: Finding, how: Style, names: Mapping[str, str] = MappingProxyType({})
) -> str:
    """A finding with what was sent, due and came; ``names`` of the files, where there are several."""
    where = f"{names[found.file]}:{found.index}" if len(names) > 1 else f"connection {found.index}"
    since = dict(zip(found.findings, found.known, strict=False)).get(finding)
    word = how.paint.word("skip", "EXPECTED") if since else how.paint.word(finding.word, finding.word.upper())
    head = f"{word} {where}: {finding.rule} ({finding.level_text},"
    known = rules.ALL.get(finding.rule)
    lines: Sequence[tuple[str, str]] = (
        ("ends", f"{found.client} > {found.server}"),
        ("against", blamed_text(found, finding)),
        ("rule", known.sentence if known else ""),
        ("sent", finding.sent),
        ("due", finding.due),
        ("came", finding.came),
        ("packets", packets_text(finding.packets)),
        ("evidence", "" if found.evidence is Evidence.COMPLETE else found.evidence),
        ("expected", f"known since {since.date}: {since.reason}" if since else ""),
        ("explain", f"probe explain {finding.rule}" if known else ""),
    )
    body = (line for label, text in lines if text for line in _line(label, text, how))
    return "\n".join([f"{head} {finding.clause})", *body])


def blamed_text(found: Connection, finding: Finding) -> str:
    """``the server, 192.0.2.2:80``: the end that a finding stands against, where it is known."""
    end = dict(zip(found.findings, found.blamed, strict=False)).get(finding)
    return f"the {'client' if end == found.client else 'server'}, {end}" if end else ""
