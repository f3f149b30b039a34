"""A scenario's steps as a dialogue people read: who sends what, what is waited for."""

from __future__ import annotations

from probe.scenarios.steps import Ask, Command, Expect, Fill, Num, Question, Scenario, Send, Span
from probe.spec.segment import ACK, flags_name, parse_flags

_NUMBERS = {
    "iss": "t",
    "nxt": "SND.NXT",
    "peer": "p",
    "text": "SEG.SEQ of the peer's FIN",
    "rcv": "RCV.NXT",
    "zero": "0",
    "edge": "RCV.NXT+RCV.WND",
}
_AWAITED = {
    "S": "SYN",
    "S.": "SYN,ACK",
    ".": "everything sent so far is acknowledged",
    "F": "FIN",
    "R": "RST",
    "settled": "every answer that is due, or the certainty that none is",
}
_SPANS = {
    Span.ANSWER: "the time an answer may take",
    Span.SILENCE: "the time of an answer that need not come",
    Span.LATE: "the time to see how late",
    Span.REPETITION: "the time of a repetition",
    Span.IDLE: "the time of two keep-alives",
    Span.STOPS: "the time of a SYN,ACK's repetition",
    Span.NEVER: "three of its intervals, 16 s or more",
    Span.HELD: "25 s",
    Span.RESTART: "40 s",
    Span.RESTARTED: "39 s",
    Span.OVER: "245 s",
    Span.GIVEN_UP: "240 s",
}
"""How long a wait is; what only cells of the matrix wait for is not listed."""


def dialogue(scenario: Scenario) -> list[str]:
    """One line a step, numbered; numbers are those of the tester (``t`` is its ISN)."""
    lines = []
    for step in scenario.steps:
        match step:
            case Send():
                asks = f"  (asks the application: {step.data.name})" if isinstance(step.data, Command) else ""
                lines.append(f"tester > peer   {_segment(step)}{asks}")
            case Expect():
                what = f"{step.count} octets or more" if step.what == "text" else _AWAITED.get(step.what, step.what)
                if step.count > 1 and step.what != "text":
                    what += f" once more ({step.count} in all)"
                limit = f", within {_SPANS[step.within]}" if step.within is not Span.ANSWER else ""
                whose = "; its application decides" if step.application else ""
                lines.append(f"peer > tester   waits for: {what}{limit}{whose}")
            case Ask():
                lines.append(f"{'':16}the application is asked to {step.command}, where it does not come of itself")
            case Question():
                lines.append("tester > peer   a segment that this peer answers where it must be now: is it?")
            case Fill():
                what = "data, as much as the peer's window has room for, until the window is closed"
                lines.append(f"tester > peer   {what}")
            case _:
                lines.append(f"{'':16}{_SPANS[step.span]} passes; nothing may be due at its end")
    if scenario.port == "open":
        lines.append("tester clears up: a RST, if a connection may be left, and a look whether it is gone")
    return [f"{number:>3}  {line}" for number, line in enumerate(lines, 1)]


def _segment(step: Send) -> str:
    flags = parse_flags(step.flags)
    numbers = [f"SEQ={_number(step.seq)}"]
    if flags & ACK:
        numbers.append(f"ACK={_number(step.ack)}")
    length = ", data" if step.data else ""
    odd = ["a new incarnation"] if step.fresh else []
    if step.options is not None:
        kinds = [str(o.kind) + (f" {o.fault}" if o.fault else "") for o in step.options]
        odd.append("option kinds " + ", ".join(kinds) if kinds else "no options")
    if step.stamp is not None:
        odd.append(f"timestamp {step.stamp:+d}" if step.stamp else "with a timestamp")
    if step.fault:
        odd.append(f"wrong {step.fault}")
    if step.reserved:
        odd.append(f"reserved bits {step.reserved:04b}")
    if step.urgent:
        odd.append(f"urgent pointer {step.urgent}")
    told = "".join(f" ({text})" for text in odd)
    return f"<{', '.join(numbers)}, {flags_name(flags).replace('+', ',')}{length}>{told}"


def _number(number: Num) -> str:
    offset = f"{number.offset:+d}" if number.offset else ""
    return _NUMBERS.get(number.base, number.base) + offset
