"""The size of segments: what is too large is told apart from what a card or the kernel merged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.events import Event, Seen, Transcript
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.segment_size import DEFAULT, RESPECTED, UNKNOWN, sizes
from probe.results.verdict import Verdict
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer

RULE = {"options-mss": RESPECTED, "options-no-mss": DEFAULT}
each = pytest.mark.parametrize("name", RULE)


def played(name: str, *, heeds: bool) -> Dialogue:
    talk = Dialogue(scenarios.ALL[name], Peer(heeds_mss=heeds))
    talk.run()
    return talk


def merged(events: list[Event], least: int) -> list[Event]:
    """The record of a machine that cannot tell whether so large segments were several."""
    return [
        replace(e, segment=replace(e.segment, merged=True)) if isinstance(e, Seen) and e.segment.length >= least else e
        for e in events
    ]


def opinion(talk: Dialogue, events: list[Event], version: int = 4) -> Opinion:
    record = talk.conductor.transcript
    again = Transcript(events, list(record.missing), [], record.sealed, named=dict(record.named))
    return judge(Case(talk.conductor.scenario, again, talk.belief, talk.terms, True, version=version))


@each
def test_large_segments_are_found_where_they_are_one_for_certain(name: str) -> None:
    talk = played(name, heeds=False)
    found = talk.opinion()
    assert [f.rule for f in found.findings] == [RULE[name]]
    assert "octets a segment, less its options" in found.findings[0].due


@each
def test_large_segments_that_may_be_several_say_nothing(name: str) -> None:
    talk = played(name, heeds=False)
    found = opinion(talk, merged(talk.conductor.transcript.events, 1))
    assert (found.word, found.reason, found.findings) == (Verdict.SKIP, UNKNOWN, ())
    assert RULE[name] not in found.rules


@each
def test_a_full_segment_among_merged_ones_shows_the_rule(name: str) -> None:
    talk = played(name, heeds=True)
    found = opinion(talk, merged(talk.conductor.transcript.events, 1))
    assert found.word is Verdict.PASS
    assert RULE[name] in found.rules


def test_ipv6_has_another_default() -> None:
    talk = played("options-no-mss", heeds=False)
    events = talk.conductor.transcript.events
    largest = max(e.segment.length for e in events if isinstance(e, Seen) and not e.to_peer)
    assert largest == 1460
    kept = [e for e in events if not (isinstance(e, Seen) and e.segment.length > 1220)]
    size = sizes(talk.conductor.scenario, Transcript(kept), 6)
    assert size is not None
    assert (size.limit, size.large) == (1220, None)
    size = sizes(talk.conductor.scenario, Transcript(kept), 4)
    assert size is not None
    assert (size.limit, size.large is None) == (536, False)


def test_other_exchanges_are_not_measured() -> None:
    talk = played("options-mss", heeds=False)
    assert sizes(scenarios.ALL["open"], talk.conductor.transcript, 4) is None
