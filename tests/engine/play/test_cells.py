"""The cells: what the oracle tells apart is there once at least, the models are true, and who departs is named."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from probe.engine.belief.events import Command, Quiet, Seen
from probe.engine.judge.jury import settle
from probe.engine.play.matrix.approaches import APPROACHES, TEXT_LENGTH, Approach, possible
from probe.engine.play.matrix.attempt import CellConductor
from probe.engine.play.matrix.cells import Cell, cells, control
from probe.results.path import Loss, Path
from probe.results.verdict import Verdict
from probe.scenarios.steps import Span, Wait
from probe.scenarios.triggers import HTTP, NONE, TARGET, missing
from probe.spec.segment import KINDS, parse_flags
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers import faults
from tests.helpers.cell import Misreads, peer_for, play, talk
from tests.helpers.peer import Fault, Peer
from tests.helpers.play import CLEAN, losing

each_way = pytest.mark.parametrize("way", APPROACHES, ids=lambda way: way.id)


def way_called(name: str) -> Approach:
    return next(way for way in APPROACHES if way.id == name)


def all_cells(way: Approach) -> list[Cell]:
    return [cell for kind in KINDS for cell in cells(way, kind)]


def test_every_state_has_a_way_into_it() -> None:
    assert {way.state for way in APPROACHES} == set(State)
    assert {way.name for way in APPROACHES if way.state is State.SYN_RECEIVED} == {"from LISTEN", "from SYN-SENT"}
    assert len({way.id for way in APPROACHES}) == len(APPROACHES)


@each_way
def test_every_cell_has_a_name_of_its_own_and_every_column_has_cells(way: Approach) -> None:
    found = all_cells(way)
    assert max(Counter(cell.id for cell in found).values()) == 1
    assert {cell.kind for cell in found} == set(KINDS)
    for kind in KINDS:
        loads = {cell.payload for cell in found if cell.kind == kind}
        assert loads == ({True} if kind == "DATA" else {False} if kind == "ACK" else {False, True})


@each_way
def test_every_position_occurs_in_every_column(way: Approach) -> None:
    """Of a synchronized state: left of the window, its edges, inside, right of it; old, duplicate, current, beyond."""
    if way.tcb.iss is None or way.state is State.SYN_SENT:
        return
    for kind, flags in KINDS.items():
        found = cells(way, kind)
        seqs = {cell.seq.name for cell in found}
        assert {"RCV.NXT-65536", "RCV.NXT-1", "RCV.NXT", "RCV.NXT+100", "RCV.NXT+RCV.WND-1", "RCV.NXT+RCV.WND"} <= seqs
        assert "RCV.NXT+2^31" in seqs
        if "." in flags:
            acks = {cell.ack.name for cell in found}
            assert {"SND.UNA-65536", "SND.UNA-1", "SND.NXT", "SND.NXT+1", "SND.NXT+2^31"} <= acks
            assert way.tcb.fin_acked or "SND.UNA" in acks
            assert way.tcb.snd_nxt - way.tcb.snd_una < TEXT_LENGTH or {"SND.UNA+1", "SND.NXT-1"} <= acks


def named(position: str, block: Tcb) -> int:
    """The number that a position's name stands for, read from the name alone."""
    known = {
        "RCV.NXT": block.rcv_nxt,
        "RCV.WND": block.rcv_wnd,
        "IRS": block.irs,
        "SND.UNA": block.snd_una,
        "SND.NXT": block.snd_nxt,
        "2^31": 1 << 31,
    }
    parts = re.findall(r"([+-]?)(SND\.\w+|RCV\.\w+|IRS|2\^31|\d+)", position)
    assert "".join(sign + word for sign, word in parts) == position
    return sum((-1 if sign == "-" else 1) * int(known.get(word, word)) for sign, word in parts) % (1 << 32)


@each_way
def test_a_cell_carries_the_numbers_that_its_name_says(way: Approach) -> None:
    for cell in all_cells(way):
        assert cell.segment.flags == parse_flags(KINDS[cell.kind])
        assert bool(cell.segment.length) is cell.payload
        for position, number in ((cell.seq.name, cell.segment.seq), (cell.ack.name, cell.segment.ack)):
            if position == "none":
                assert number == 0
            elif position != "any":
                assert named(position, way.tcb) == int(number), cell.id


@each_way
def test_no_position_stands_where_the_state_looks_at_no_number(way: Approach) -> None:
    blind = way.state in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    assert {cell.seq.name == "any" for cell in all_cells(way)} == {blind}


@each_way
def test_the_model_is_the_block_that_the_way_leaves(way: Approach) -> None:
    """In the distances that positions are made of; a peer grants its own window and takes lines of its own length."""
    dialogue = talk(way, way.scenario(way.id, "", ()), peer_for(way))
    dialogue.run()
    if not way.steps:
        return
    watch, sealed = dialogue.conductor.watch, dialogue.conductor.transcript.sealed
    assert sealed is not None
    assert way.state.value in watch.states[sealed - 1]
    histories = watch.memory.closure(watch.after(sealed - 1).belief, watch.terms)
    blocks = [h.tcb for h in histories if h.tcb.state is way.state and not h.inflight]
    assert [_numbers(block) for block in blocks] == [_numbers(way.tcb)] * len(blocks)
    assert blocks


def _numbers(block: Tcb) -> tuple[object, ...]:
    """What positions are found with, but for the peer's own window and the length of its command line."""
    sending = (block.snd_una, block.snd_nxt, block.iss)
    return block.state, block.passive, block.fin_received, sending, block.rcv_nxt - block.irs == 1


@each_way
def test_a_conforming_peer_passes_every_cell(way: Approach) -> None:
    verdicts = {cell.id: play(cell) for cell in all_cells(way)}
    odd = {name: heard[-1].opinion for name, heard in verdicts.items() if heard[-1].opinion.word is not Verdict.PASS}
    assert odd == {}
    assert all(len(heard) == 1 and heard[0].next_states for heard in verdicts.values())


@each_way
def test_the_way_alone_passes_its_control(way: Approach) -> None:
    dialogue = talk(way, control(way), peer_for(way))
    dialogue.run()
    assert dialogue.opinion().word is Verdict.PASS


@pytest.mark.parametrize("choice", [0, -1])
@pytest.mark.parametrize("profile", ["rfc793", "rfc5961"])
def test_a_peer_of_either_school_passes(choice: int, profile: str) -> None:
    def make() -> Peer:
        return Peer(profile=profile, choose=lambda reactions: reactions[choice])

    way = way_called("established")
    odd = {c.id: play(c, make)[-1].opinion for c in all_cells(way) if not c.kind.startswith("SYN+RST")}
    assert {name for name, opinion in odd.items() if opinion.word is not Verdict.PASS} == set()


FAULTS: list[tuple[str, str, str, Fault, str, Verdict]] = [
    ("established", "ACK", "F9", faults.silent, "seg.ack-of-unsent", Verdict.WARN),
    ("established", "ACK", "F4", faults.silent, "seg.out-of-window-acked", Verdict.WARN),
    ("established", "ACK", "E2", faults.acks, "seg.pure-ack-silent", Verdict.WARN),
    ("established", "NULL", "F7", faults.acks, "seg.no-ack-bit-dropped", Verdict.WARN),
    ("established", "RST", "F3", faults.resets, "rst.out-of-window-dropped", Verdict.FAIL),
    ("established", "RST", "F5", faults.as_before, "rst.exact-resets", Verdict.FAIL),
    ("established", "DATA", "E3", faults.as_before, "ack.under-half-second", Verdict.FAIL),
    ("close-wait", "DATA", "K3", faults.resets, "close.data-after-fin-ignored", Verdict.FAIL),
    ("fin-wait-2", "FIN+ACK", "V4", faults.as_before, "aclose.finwait2-fin", Verdict.FAIL),
    ("fin-wait-1", "ACK", "W2", faults.resets, "aclose.fin-acked-stops", Verdict.FAIL),
    ("closing", "ACK", "G2", faults.forgets, "simclose.ends-in-timewait", Verdict.FAIL),
    ("last-ack", "ACK", "A2", faults.as_before, "close.lastack-closed", Verdict.FAIL),
    ("syn-received", "SYN", "R6", faults.resets, "open.new-syn-in-window-synrcvd", Verdict.WARN),
    ("syn-received", "ACK", "R10", faults.silent, "open.unacceptable-ack-rst", Verdict.WARN),
    ("listen", "SYN", "L4", faults.silent, "open.listen-syn-synack", Verdict.FAIL),
    ("listen", "NULL", "L5", faults.resets, "listen.no-syn-ack-rst-dropped", Verdict.WARN),
    ("closed", "SYN", "C2", faults.silent, "closed.syn-refused", Verdict.FAIL),
    ("syn-sent", "SYN+ACK", "S2", faults.silent, "active.unacceptable-ack-rst", Verdict.WARN),
    ("time-wait", "FIN+ACK", "T12", faults.silent, "timewait.fin-reacked", Verdict.WARN),
]


@pytest.mark.parametrize(("name", "kind", "row", "fault", "rule", "word"), FAULTS)
def test_a_fault_is_found_where_it_is_and_nowhere_else(
    name: str, kind: str, row: str, fault: Fault, rule: str, word: Verdict
) -> None:
    way = way_called(name)

    def make() -> Peer:
        return Misreads(peer_for(way).tcb, faults={row: fault})

    found = {cell: settle([h.opinion for h in play(cell, make)], CLEAN) for cell in cells(way, kind)}
    concerned = {cell for cell in found if any(r.row == row for r in cell.due)}
    broken = {cell for cell, opinion in found.items() if opinion.word is not Verdict.PASS}
    assert broken, f"nothing of {len(concerned)} cells"
    assert broken <= concerned
    rules = {f.rule for cell in broken for f in found[cell].findings}
    assert rule in rules, {cell.id: found[cell] for cell in broken}
    assert word in {opinion.word for opinion in found.values()} <= {Verdict.PASS, word, Verdict.WARN}


def test_a_cell_whose_state_is_not_reached_accuses_nobody() -> None:
    """A peer that refuses the handshake's ACK is at fault elsewhere; the cells behind it cannot be told."""
    way = way_called("established")

    def make() -> Peer:
        return Peer(faults={"R9": faults.resets})

    heard = play(cells(way, "ACK")[0], make)
    verdict = settle([h.opinion for h in heard], CLEAN)
    assert verdict.word is Verdict.INCONCLUSIVE
    assert verdict.findings == ()
    assert "could not be brought into ESTABLISHED" in verdict.reason


@pytest.mark.parametrize("name", ["established", "fin-wait-1", "time-wait"])
def test_lost_segments_accuse_nobody(name: str) -> None:
    chance = random.Random(name)
    for cell in chance.sample(all_cells(way_called(name)), 60):
        heard = play(cell, loses=losing(0.1, chance.getrandbits(32)))
        assert settle([h.opinion for h in heard], Path(Loss(asked=300, lost=60))).word in {
            Verdict.PASS,
            Verdict.INCONCLUSIVE,
            Verdict.SKIP,
        }


def watched(cell: Cell, lag: float, late: float = 0.0) -> float:
    """How long the peer is watched at the end; ``late`` is how long its SYN,ACK waits for our answer."""
    dialogue = talk(cell.way, cell.scenario, peer_for(cell.way), cell)
    setting, obey = dialogue.conductor.setting, dialogue._obey
    dialogue.conductor = conductor = CellConductor(cell, setting, lag)

    def obeys(commands: list[Command]) -> None:
        dialogue.now += late if dialogue.counts[True] == 1 else 0
        obey(commands)

    dialogue._obey = obeys  # type: ignore[method-assign]
    events = dialogue.run().transcript.events
    assert conductor.lag == pytest.approx(max(lag, late), abs=0.01)
    quiet = next(event.time for event in events if isinstance(event, Quiet))
    return quiet - max(e.time for e in events if isinstance(e, Seen) and e.to_peer and e.time < quiet)


def test_a_peer_that_was_answered_late_is_watched_for_longer() -> None:
    """Its timers are as much longer, and it is they that tell that it did not take an acknowledgment."""
    certain = (c for c in all_cells(way_called("established-text")) if all(r.reply for r in c.due))
    cell = next(c for c in certain if c.scenario.steps[-1] == Wait(Span.TIMER))
    assert watched(cell, 0.0) == pytest.approx(0.45, abs=0.01)
    assert watched(cell, 0.2) == pytest.approx(1.2, abs=0.01)
    assert watched(cell, 0.0, late=0.3) == pytest.approx(1.8, abs=0.01)


def test_ways_by_what_the_application_can_be_asked_for() -> None:
    def names(trigger: object) -> set[str]:
        chosen = {"none": NONE, "http": HTTP, "target": TARGET}[str(trigger)]
        found = possible(APPROACHES, lambda way: missing(chosen, way.commands))
        return {way.id for way in found if not missing(chosen, way.commands)}

    plain = {"closed", "listen", "syn-received", "established-plain", "last-ack-close"}
    assert names("none") == plain
    assert names("http") == plain | {"fin-wait-1-close", "fin-wait-2-close", "closing-close", "time-wait"}
    assert {way_called(name).state for name in names("target")} == set(State)
    assert not {way.id for way in APPROACHES if way.fallback} & names("target")
