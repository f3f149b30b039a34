"""`probe explain ID`: an exchange, a rule or a row of SEGMENT ARRIVES in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from probe.cli.output.terminal import say

if TYPE_CHECKING:
    from probe.scenarios.steps import Scenario
    from probe.spec.rows import Row
    from probe.spec.rules import Rule

_LABEL = 13
_DIALOGUE = (
    "dialogue (t is the tester's ISN; what the peer owes at each step is what the RFC says, not what is waited for)"
)


@click.command("explain")
@click.argument("name", metavar="ID")
def command(name: str) -> None:
    """Explain an exchange (close-by-us), a rule (close.fin-acked), a row of SEGMENT ARRIVES (E6) or the profiles."""
    from probe.cli.catalogue.profiles import TOPICS, sections
    from probe.cli.options.common import nearest, unknown
    from probe.scenarios import ALL as EXCHANGES
    from probe.spec.rows import ROWS
    from probe.spec.rules import ALL as RULES
    from probe.spec.rules import close_matches

    if name.lower() in TOPICS:
        say(f"{_sheet('profile: the reading where RFC 793 and RFC 5961 differ', sections())}\n")
    elif name.lower() in EXCHANGES:
        say(f"{_exchange(EXCHANGES[name.lower()])}\n")
    elif name.lower() in RULES:
        say(f"{_rule(RULES[name.lower()])}\n")
    elif name.upper() in ROWS:
        say(f"{_row(name.upper(), ROWS[name.upper()])}\n")
    else:
        near = [*nearest(name, [*EXCHANGES, TOPICS[0]]), *close_matches(name)][:4]
        raise click.BadParameter(unknown("exchange, rule or row", name, near), param_hint="ID")


def _exchange(scenario: Scenario) -> str:
    from probe.cli.catalogue.dialogue import dialogue, needs
    from probe.spec.rules import ALL as RULES

    shows = [f"{rule} ({RULES[rule].level}): {RULES[rule].sentence}" for rule in scenario.shows if rule in RULES]
    sheet = _sheet(
        f"{scenario.id}: {scenario.title}",
        [
            ("clause", [scenario.clause]),
            ("needs", [needs(scenario)]),
            ("waits", [_wait(scenario)] if scenario.waits else []),
            ("shows", shows),
        ],
    )
    return "\n".join([sheet, "", f"  {_DIALOGUE}", *(f"  {line}" for line in dialogue(scenario))])


def _wait(scenario: Scenario) -> str:
    how = "for minutes; played only with --slow" if scenario.slow else "left out by --no-wait"
    return f"for a timer of the peer ({how})"


def _rule(rule: Rule) -> str:
    from probe.cli.catalogue.coverage import rule_coverage, shown_by
    from probe.spec.rules import APPLICATIONS

    level = rule.level + (f" ({', '.join(rule.keyword_ids)})" if rule.keyword_ids else "")
    verdict = {"fail": "fail", "warn": "warn", "info": "a remark", "fail-if-implemented": "fail, where implemented"}
    return (
        _sheet(
            f"{rule.id}: {rule.sentence}",
            [
                ("clause", [rule.source]),
                ("level", [level + (f"; {rule.level_note}" if rule.level_note else "")]),
                ("if broken", [verdict[rule.severity]]),
                ("stimulus", [rule.stimulus]),
                ("permitted", [rule.permitted]),
                ("forbidden", [rule.forbidden]),
                ("needs", [APPLICATIONS[code] for code in rule.needs] + [rule.needs_note]),
                ("rows", _row_lines(rule.rows)),
                ("shown by", rule_coverage(rule.id, shown_by().get(rule.id, [])).split("; ")),
            ],
        )
        + "\n\n  notation: "
        + _NOTATION
    )


_NOTATION = (
    "t and p are the ISNs of tester and peer, RCV.* and SND.* the peer's variables;\n"
    "            u, g: sequence numbers of the tester's FIN; f, w: of the peer's; n: octets;\n"
    "            <SEQ, ACK, flags, LEN> is a segment; ACK! is <SND.NXT, RCV.NXT, ACK> without payload;\n"
    "            LIVE is <RCV.NXT-1, SND.NXT, ACK>, which ACK! answers while the connection exists, else a RST"
)


def _row(name: str, row: Row) -> str:
    from probe.cli.catalogue.coverage import shown_by
    from probe.spec.rules import ALL as RULES
    from probe.spec.rules import Level

    shown = shown_by()
    ruled = [rule for rule in RULES.values() if name in rule.rows]
    exchanges = dict.fromkeys(e for rule in ruled for e in shown.get(rule.id, []))
    return _sheet(
        f"{name}: in {row.states}, on {row.condition}",
        [
            ("clause", [row.clause]),
            ("level", ["SPEC: procedural text without a keyword" if row.level == Level.SPEC else row.level]),
            ("reaction", [row.reaction]),
            ("rules", [f"{rule.id}: {rule.sentence}" for rule in ruled]),
            ("shown by", list(exchanges) or ["no exchange yet"]),
        ],
    )


def _row_lines(names: Iterable[str]) -> list[str]:
    from probe.spec.rows import ROWS

    return [f"{n}: {ROWS[n].states}; {ROWS[n].condition}; {ROWS[n].reaction}" for n in names if n in ROWS]


def _sheet(title: str, parts: list[tuple[str, list[str]]]) -> str:
    """A title and labelled paragraphs, empty ones left out."""
    from probe.cli.output.terminal import width

    columns = min(width(), 110)
    lines = textwrap.wrap(title, columns)
    for label, texts in parts:
        for place, text in enumerate(t for t in texts if t):
            head = f"  {label if place == 0 else '':<{_LABEL - 2}}"
            lines += textwrap.wrap(text, columns, initial_indent=head, subsequent_indent=" " * _LABEL)
    return "\n".join(lines)
