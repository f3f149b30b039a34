"""Every rule that an exchange shows has a faulty peer that is caught with exactly that rule, at the rule's level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.results.verdict import Verdict, Why
from probe.spec import rules
from probe.spec.segment import ACK, FIN, SYN
from probe.spec.states import State
from tests.helpers.faults import (
    acks,
    again_later,
    altered,
    and_then,
    as_before,
    establishes,
    fin_for_rst,
    forgets,
    forgets_active,
    keeps_alive,
    late,
    leaves_out,
    lingers,
    opens_anew,
    resets,
    same_isn,
    silent,
    speaks,
    steady,
    unacked,
    unsent,
)
from tests.helpers.peer import Fault, Peer
from tests.helpers.play import peer_for, verdict, whole_run
from tests.scenarios.defects import CASES as MORE

Faults = dict[str, Fault]


def one(place: str, fault: Fault, **settings: object) -> tuple[Faults, dict[str, object]]:
    """One defect at a row or a call, and what else the peer needs for it to show."""
    return {place: fault}, settings


LATE: Faults = {"E6": late(0.7), "CLOSE": late(0.7)}
CASES = [
    ("open.listen-syn-synack", "open", one("L4", altered(add=FIN))),
    ("open.listen-syn-synack", "open", one("L4", altered(drop=ACK))),
    ("open.synack-ack-number", "open", one("L4", altered(ack=1))),
    ("open.synack-ack-number", "open", one("L4", altered(ack=-1))),
    ("open.final-ack-establishes", "open", one("R9", resets)),
    ("open.final-ack-establishes", "open", one("R9", forgets)),
    ("open.no-data-in-handshake", "open", one("L4", altered(text=5))),
    ("seg.below-window-empty", "empty-below", one("F4", silent)),
    ("seg.below-window-empty", "empty-below", one("F4", altered(ack=1))),
    ("seg.below-window-empty", "empty-below", one("F4", altered(seq=1))),
    ("seg.keepalive-idle", "idle", one("E3", keeps_alive)),
    ("seg.pure-ack-silent", "synack-stops", one("R9", acks)),
    ("synack.stops-when-acked", "synack-stops", one("R9", as_before)),
    ("synack.stops-when-acked", "synack-stops", one("F4", again_later(0.5, SYN | ACK, back=1))),
    ("close.fin-acked", "close-by-us", one("E6", altered(ack=-1))),
    ("close.fin-acked", "close-by-us", one("E6", altered(ack=1))),
    ("close.fin-acked", "close-by-us", one("E6", silent, closes_on_eof=False)),
    ("close.passive-fin", "close-by-us", one("E6", resets)),
    ("close.merged-fin", "close-by-us", one("CLOSE", altered(ack=1), merges=True)),
    ("close.merged-fin", "close-by-us", one("CLOSE", altered(ack=-2), merges=True)),
    ("close.passive-fin", "close-by-us", one("CLOSE", altered(drop=ACK))),
    ("close.passive-fin", "close-by-us", one("CLOSE", altered(seq=1))),
    ("close.passive-fin", "close-by-us", one("CLOSE", altered(ack=-1))),
    ("close.lastack-closed", "close-by-us", one("A2", as_before)),
    ("close.lastack-closed", "close-by-us", one("A2", lingers(State.TIME_WAIT))),
    ("seg.pure-ack-silent", "close-by-us", one("A2", acks)),
    ("ack.fin-prompt", "close-by-us", (LATE, {"rto": 5.0})),
    ("ack.under-half-second", "delayed-ack", one("E3", late(0.7))),
    ("ack.under-half-second", "delayed-ack", one("E3", silent)),
    ("ack.under-half-second", "delayed-ack", one("E3", altered(ack=-1))),
    ("aclose.fin-form", "close-by-peer", one("CLOSE", altered(drop=ACK))),
    ("aclose.fin-form", "close-by-peer", one("CLOSE", altered(seq=1))),
    ("aclose.fin-form", "close-by-peer", one("CLOSE", altered(ack=-1))),
    ("aclose.fin-acked-stops", "half-close-by-peer", one("W2", as_before)),
    ("aclose.fin-acked-stops", "half-close-by-peer", one("F4", again_later(0.3, FIN | ACK, back=1))),
    ("aclose.finwait2-fin", "close-by-peer", one("V4", silent)),
    ("aclose.finwait2-fin", "close-by-peer", one("V4", resets)),
    ("aclose.finwait2-fin", "close-by-peer", one("V4", altered(seq=-1))),
    ("aclose.finwait2-fin", "close-by-peer", one("V4", altered(ack=-1))),
    ("aclose.fin-and-ack-together", "close-by-peer-merged", one("W5", silent)),
    ("aclose.fin-and-ack-together", "close-by-peer-merged", one("W5", resets)),
    ("aclose.fin-and-ack-together", "close-by-peer-merged", one("W5", altered(ack=-1))),
    ("aclose.fin-retransmit", "fin-wait-1-fin", one("RETRANSMIT", silent)),
    ("aclose.fin-retransmit", "fin-wait-1-fin", one("RETRANSMIT", steady)),
    ("aclose.fin-retransmit", "fin-wait-1-fin", one("RETRANSMIT", altered(seq=1))),
    ("aclose.halfclose-receives", "half-close-by-peer", one("V3", silent)),
    ("aclose.halfclose-receives", "half-close-by-peer", one("V3", resets)),
    ("aclose.halfclose-receives", "half-close-by-peer", one("V3", altered(ack=-1))),
    ("timewait.fin-reacked", "close-by-peer-merged", one("T12", silent)),
    ("timewait.fin-reacked", "close-by-peer-merged", one("W5", forgets)),
    ("timewait.fin-reacked", "time-wait-fin", one("T12", resets)),
    ("timewait.fin-reacked", "time-wait-fin", one("V4", forgets)),
    ("timewait.fin-reacked", "old-syn-time-wait", one("T12", resets)),
    ("timewait.fin-reacked", "simultaneous-close", one("T12", silent)),
    ("timewait.syn-old-refused", "old-syn-time-wait", one("T9", opens_anew)),
    ("timewait.syn-old-refused", "old-syn-time-wait", one("T9", resets)),
    ("simclose.fin-acked", "simultaneous-close", one("W4", altered(ack=-1))),
    ("simclose.fin-acked", "simultaneous-close", one("W4", resets)),
    ("simclose.ends-in-timewait", "simultaneous-close", one("G2", forgets)),
    ("close.halfclose-peer-sends", "half-close", one("SEND", unsent)),
    ("close.halfclose-peer-sends", "half-close", one("SEND", altered(ack=-1, text=100))),
    ("close.lastack-fin-retransmit", "last-ack-fin", one("RETRANSMIT", silent)),
    ("close.lastack-fin-retransmit", "last-ack-fin", one("RETRANSMIT", steady)),
    ("close.lastack-fin-retransmit", "last-ack-fin", one("RETRANSMIT", altered(seq=1))),
    ("close.lastack-fin-retransmit", "last-ack-fin", one("RETRANSMIT", altered(ack=-1))),
    ("isn.differs", "isn-differs", one("L4", same_isn)),
    ("isn.stable-while-pending", "synack-retransmitted", one("RETRANSMIT", altered(seq=64_000))),
    ("open.rst-returns-to-listen", "isn-differs", one("R5", as_before)),
    ("open.rst-returns-to-listen", "two-way-only", one("R5", as_before)),
    ("open.two-way-only", "two-way-only", one("L4", speaks)),
    ("open.syn-out-of-window-synrcvd", "old-syn-syn-received", one("R4", silent)),
    ("open.syn-out-of-window-synrcvd", "old-syn-syn-received", one("R4", resets)),
    ("halfopen.syn-out-of-window", "old-syn-established", one("F4", silent)),
    ("halfopen.syn-out-of-window", "old-syn-established", one("F4", opens_anew)),
    ("halfopen.syn-out-of-window", "old-syn-established", one("F4", resets)),
    ("synack.retransmitted", "synack-retransmitted", one("RETRANSMIT", silent)),
    ("synack.retransmitted", "two-way-only", one("RETRANSMIT", silent)),
    ("open.synack-ack-number", "synack-retransmitted", one("RETRANSMIT", altered(ack=1))),
    ("synack.initial-rto", "synack-retransmitted", ({}, {"syn_rto": 0.3})),
    ("synack.backoff", "synack-retransmitted", one("RETRANSMIT", steady)),
    ("closed.syn-refused", "refused", one("C2", altered(seq=7))),
    ("closed.syn-refused", "refused", one("C2", altered(ack=-1))),
    ("closed.syn-refused", "refused", one("C2", altered(drop=ACK))),
    ("rst.exact-resets", "abort-by-us", one("F5", as_before)),
    ("rst.exact-resets", "abort-by-us", one("F5", acks)),
    ("listen.ack-gets-rst", "abort-by-us", one("L2", silent)),
    ("listen.ack-gets-rst", "abort-by-us", one("L2", altered(seq=1))),
    ("listen.ack-gets-rst", "abort-by-us", one("L2", opens_anew)),
    ("rstgen.abort-seq", "abort-by-peer", one("ABORT", fin_for_rst)),
    ("rstgen.abort-seq", "abort-by-peer", one("ABORT", silent)),
    ("rstgen.abort-seq", "abort-by-peer", one("ABORT", altered(seq=-1))),
    ("active.syn-form", "active-open", one("OPEN", altered(add=FIN))),
    ("active.synack-acked", "active-open", one("S6", altered(ack=-1))),
    ("active.synack-acked", "active-open", one("S6", resets)),
    ("active.synack-acked", "active-open", one("S6", silent)),
    ("active.synack-with-data", "active-open-data", one("S6", resets)),
    ("active.synack-with-data", "active-open-data", one("S6", leaves_out)),
    ("active.unacceptable-ack-rst", "active-bad-ack", one("S2", silent)),
    ("active.unacceptable-ack-rst", "active-bad-ack", one("S2", altered(seq=1))),
    ("active.unacceptable-ack-rst", "active-bad-ack", one("S2", acks, changed=True)),
    ("active.good-ack-without-syn-dropped", "active-bare-ack", one("S8", forgets_active)),
    ("active.good-ack-without-syn-dropped", "active-bare-ack", one("S8", acks, changed=True)),
    ("active.good-ack-without-syn-dropped", "active-bare-ack", one("S8", unacked)),
    ("active.rst-ack-refused", "active-refused", one("S3", as_before)),
    ("closed.ack-rst-seq", "active-refused", one("C3", silent)),
    ("closed.ack-rst-seq", "active-refused", one("C3", altered(seq=1))),
    ("active.rst-without-ack-ignored", "active-bare-rst", one("S4", forgets_active)),
    ("active.rst-bad-ack-ignored", "active-rst-bad-ack", one("S1", forgets_active)),
    ("synsync.retransmitted-synack", "active-synack-again", one("F4", silent)),
    ("synsync.retransmitted-synack", "active-synack-again", one("F4", resets)),
    ("active.syn-retransmitted-same-isn", "active-syn-retransmitted", one("RETRANSMIT", silent)),
    ("active.syn-retransmitted-same-isn", "active-syn-retransmitted", one("RETRANSMIT", altered(seq=64_000))),
    ("active.syn-initial-rto", "active-syn-retransmitted", ({}, {"syn_rto": 0.3})),
    ("active.syn-backoff", "active-syn-retransmitted", one("RETRANSMIT", steady)),
    ("simopen.syn-in-synsent", "simultaneous-open", one("S7", silent)),
    ("simopen.syn-in-synsent", "simultaneous-open", one("S7", resets)),
    ("simopen.syn-in-synsent", "simultaneous-open", one("S7", altered(seq=1))),
    ("simopen.syn-in-synsent", "simultaneous-open", one("S7", altered(drop=SYN))),
    ("simopen.completes", "simultaneous-open", one("R3", resets)),
    ("simopen.rst-refuses", "simultaneous-open-reset", one("R5", as_before)),
]
DISGUISED = [
    ("active-bare-ack", one("S8", resets)),
    ("active-bare-rst", one("S4", resets)),
    ("active-rst-bad-ack", one("S1", resets)),
    ("two-way-only", one("R5", acks)),
    ("abort-by-us", one("F5", resets)),
    ("zero-window-rst", one("F5", resets)),
    ("half-close-by-peer", one("W2", acks)),
    ("simultaneous-close", one("G2", as_before)),
    ("simultaneous-close", one("G2", acks)),
    ("half-close", one("SEND", resets)),
    ("open", one("F4", resets)),
    ("open", one("L4", and_then(ACK, text=1))),
]
"""Defects that break more than one rule at once: which one is named is a matter of taste, being caught is not."""


KEPT = {
    ("aclose.fin-acked-stops", as_before): "a later acknowledgment ends the repetition of the FIN: the close goes on",
    ("open.unacceptable-ack-rst", establishes): "no answer tells ESTABLISHED from SYN-RECEIVED",
    ("active.synack-with-data", leaves_out): "what was left out is taken when it comes again",
    ("open.seq-out-of-window-acked", establishes): "no answer tells ESTABLISHED from SYN-RECEIVED",
    ("open.rst-in-window-challenged", resets): "the classic reading goes back to LISTEN, too: the RST is one too many",
    ("listen.no-syn-ack-rst-dropped", resets): "nothing but a RST too many: the port still listens",
}
"""Defects whose block is not the due one, though the connection becomes what it must, or no answer tells."""


def faulty(scenario_id: str, defect: tuple[Faults, dict[str, object]]) -> Peer:
    """A conforming peer with one defect."""
    faults, settings = defect
    return replace(peer_for(scenarios.ALL[scenario_id]), faults=dict(faults), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("rule", "scenario", "defect"), [*CASES, *MORE])
def test_defect_is_caught_with_its_rule(rule: str, scenario: str, defect: tuple[Faults, dict[str, object]]) -> None:
    stacks: list[Peer] = []

    def made() -> Peer:
        stacks.append(faulty(scenario, defect))
        return stacks[-1]

    found = verdict(scenario, made)
    assert [finding.rule for finding in found.findings] == [rule], found
    # A MUST fails, a SHOULD warns; procedural text by what the defect did to the connection (RFC 9293 section 2.1).
    due = {"fail": Verdict.FAIL, "warn": Verdict.WARN}.get(rules.ALL[rule].severity)
    kept = any((rule, fault) in KEPT for fault in defect[0].values())
    changed = stacks[-1].changed or stacks[-1].untold is not None
    due = due or (Verdict.FAIL if changed and not kept else Verdict.WARN)
    assert found.word is due, found


@pytest.mark.parametrize(("scenario", "defect"), DISGUISED)
def test_defect_is_never_called_conforming(scenario: str, defect: tuple[Faults, dict[str, object]]) -> None:
    found = verdict(scenario, lambda: faulty(scenario, defect))
    assert found.findings
    assert found.word in {Verdict.FAIL, Verdict.WARN}


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("time-wait-held", "25 s or more"),
        ("time-wait-restarted", "40 s or more"),
        ("time-wait-over", "less than 245 s"),
    ],
)
def test_how_long_time_wait_lasts_is_told(scenario: str, told: str) -> None:
    """MSL is chosen (RFC 9293 section 3.4.2), so that a length is no fault, and what was seen of it is a note."""
    found = verdict(scenario, lambda: faulty(scenario, ({}, {})))
    assert (found.word, [note.came for note in found.notes]) == (Verdict.PASS, [f"TIME-WAIT lasts {told}"])


def test_every_rule_shown_has_a_faulty_peer() -> None:
    shown = {rule for scenario in scenarios.ALL.values() for rule in (*scenario.shows, *scenario.may_show)}
    assert shown - {rule for rule, _, _ in (*CASES, *MORE)} == set()


@pytest.mark.parametrize("reply", ["F4", "E6", "V4", "T12"])
def test_a_defect_leaves_exchanges_alone_that_do_not_meet_it(reply: str) -> None:
    found = whole_run(lambda scenario: replace(peer_for(scenario), faults={reply: resets}))
    assert found["refused"].word is Verdict.PASS
    # An exchange that the defect cuts short does not come to its subject: nobody is cleared of that, or accused.
    words = {
        opinion.word
        for opinion in found.values()
        if opinion.why is not Why.NOT_REACHED and [f.rule for f in opinion.findings] != ["timewait.duration"]
    }
    assert words == {Verdict.PASS, Verdict.FAIL}


@pytest.mark.parametrize(("rule", "scenario", "defect"), [*CASES, *MORE])
def test_what_came_is_not_what_was_due(rule: str, scenario: str, defect: tuple[Faults, dict[str, object]]) -> None:
    """A finding whose ``came`` satisfies its ``due`` is a defect of the judge; and where something came, it says so."""
    for finding in verdict(scenario, lambda: faulty(scenario, defect)).findings:
        both = [(owed, segment) for owed in finding.owed for segment in finding.arrived if owed.matches(segment)]
        kept = [(o, s) for o, s in both if not o.covers or s.seg_len or s.seq in o.seqs]
        assert not kept, finding
        assert not (finding.arrived and finding.came.startswith("nothing")), finding
