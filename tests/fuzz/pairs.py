"""The judge of captured connections: nobody who conforms is accused, and nothing makes it fail or take for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from probe.engine.judge.capture import judge_connection
from probe.results.connection import Packet
from probe.results.verdict import Finding
from probe.spec.reaction import PROFILES
from probe.spec.segment import Segment, flags_text
from probe.spec.seq import Seq
from tests.fuzz.campaign import Campaign, WrongError
from tests.fuzz.connections import connection, reoriented, thinned
from tests.helpers.record import MEMORY

Judge = Callable[[list[Packet]], tuple[Finding, ...]]


def described(packets: Sequence[Packet]) -> str:
    """A line a packet, numbers relative to the first of each direction."""
    bases = [next((p.segment.seq for p in packets if p.from_client == side), Seq(0)) for side in (False, True)]
    lines = []
    for packet in packets:
        own, other = bases[packet.from_client], bases[not packet.from_client]
        text = packet.segment.text(own, other)
        lines.append(f"  {'>' if packet.from_client else '<'} {text}, window {packet.segment.window}")
    return "\n".join(lines)


def _innocent(rng: Random) -> None:
    """Records missing from a conforming connection accuse nobody."""
    packets = thinned(connection(rng), rng)
    if _judged(packets):
        raise accused(packets, _judged)


def _judged(packets: list[Packet]) -> tuple[Finding, ...]:
    return judge_connection(packets, MEMORY).findings if packets else ()


def accused(packets: list[Packet], judge: Judge) -> WrongError:
    """What to say of a conforming connection that ``judge`` accuses.

    Fewer records of it that are accused of the same are as wrong, and easier to understand.
    """
    at, rule = 0, judge(packets)[0].rule
    while at < len(packets):
        fewer = reoriented([*packets[:at], *packets[at + 1 :]])
        packets, at = (fewer, 0) if any(f.rule == rule for f in judge(fewer)) else (packets, at + 1)
    findings = judge(packets)
    shape = " ".join(("> " if p.from_client else "< ") + flags_text(p.segment.flags) for p in packets)
    story = "\n".join(["a conforming connection is accused", described(packets), *map(str, findings)])
    return WrongError(f"{findings[0].rule} for {shape}", story)


def _damaged(rng: Random) -> None:
    """Whatever the packets are, there is a verdict, and it names packets that exist."""
    packets = thinned(connection(rng), rng)
    for _ in range(rng.randint(1, 5)):
        packets = _mutated(packets, rng)
    if not packets:
        return
    found = judge_connection(packets, MEMORY, rng.choice(sorted(PROFILES)))
    steps = (*found.client_states, *found.server_states)
    named = [n for finding in found.findings for n in finding.packets]
    if any(not 0 <= index < len(packets) for _, index in steps) or any(not 1 <= n <= len(packets) for n in named):
        raise WrongError("a packet that is not there", f"{steps}, {named}\n{described(packets)}")


def _mutated(packets: list[Packet], rng: Random) -> list[Packet]:
    if not packets:
        return packets
    out = list(packets)
    at, other = rng.randrange(len(out)), rng.randrange(len(out))
    match rng.randrange(4):
        case 0:
            out.insert(other, out[at])
        case 1:
            out[at], out[other] = out[other], out[at]
        case 2:
            out[at] = replace(out[at], from_client=not out[at].from_client)
        case _:
            out[at] = replace(out[at], segment=_changed(out[at].segment, rng))
    return out


def _changed(segment: Segment, rng: Random) -> Segment:
    far = rng.choice((-1, 1, 2, -1000, 65536, 2**30, 2**31, rng.getrandbits(32)))
    match rng.randrange(6):
        case 0:
            return replace(segment, seq=segment.seq + far)
        case 1:
            return replace(segment, ack=segment.ack + far)
        case 2:
            return replace(segment, flags=segment.flags ^ 1 << rng.randrange(8))
        case 3:
            return replace(segment, window=rng.choice((0, 1, 65535)))
        case 4:
            return replace(segment, length=rng.choice((0, 1, 65535)), payload=b"")
        case _:
            return replace(segment, faults=(*segment.faults, "checksum"))


CAMPAIGNS = (
    Campaign("innocent", "conforming connections with records missing: no finding", _innocent),
    Campaign("pairs", "damaged connections through the judge", _damaged),
)
