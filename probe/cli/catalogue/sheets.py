"""`probe explain`: one exchange, rule, row of SEGMENT ARRIVES or the profiles as a sheet of labelled paragraphs."""

from __future__ import annotations

import textwrap

from probe.cli.catalogue.coverage import application, rule_coverage, shown_by
from probe.cli.catalogue.dialogue import dialogue
from probe.scenarios import ALL as EXCHANGES
from probe.spec.reaction import PROFILES
from probe.spec.rows import ROWS
from probe.spec.rules import ALL as RULES
from probe.spec.rules import APPLICATIONS, Level, Rule

_LABEL = 13
_DIALOGUE = (
    "dialogue (t is the tester's ISN; what the peer owes at each step is what the RFC says, not what is waited for)"
)
_NOTATION = (
    "t and p are the ISNs of tester and peer, RCV.* and SND.* the peer's variables;\n"
    "            u, g: sequence numbers of the tester's FIN; f, w: of the peer's; n: octets;\n"
    "            <SEQ, ACK, flags, LEN> is a segment; ACK! is <SND.NXT, RCV.NXT, ACK> without payload;\n"
    "            LIVE is <RCV.NXT-1, SND.NXT, ACK>, which ACK! answers while the connection exists, else a RST"
)
TOPICS = ("profile", "profiles", *PROFILES, "levels")
MEANING = {
    "rfc9293": "the default; both readings: RFC 9293 takes the mitigations of RFC 5961 in as SHOULD and MAY, so a stack"
    " with them conforms and so does one without",
    "rfc793": "the classic reading: the mitigations are departures. For a stack that is meant to be without them; one"
    " that has them, as Linux does, is found to depart",
    "rfc5961": "the mitigations required: the classic reactions are departures. For a stack that claims RFC 5961",
}
DIFFERENCES = (
    "a SYN in the window, synchronized states (F6): RFC 5961 a challenge ACK and nothing else; classic a RST, and the"
    " connection is gone",
    "a RST in the window that is not exactly at RCV.NXT (F5, R5, T11): RFC 5961 a challenge ACK; classic the"
    " connection is gone",
    "an ACK older than SND.UNA - MAX.SND.WND (F8, R8): RFC 5961 an ACK, and the segment is dropped; classic no such"
    " test. Optional (MAY-12), so rfc5961 does not insist on it",
    "a SYN in the window in TIME-WAIT (T1): a RST is classic only",
)
MIXED = (
    "a peer that needs one reading in some exchanges and the other in others conforms to rfc9293, and the report says"
    " so: `readings  mixed`, in JSON `mixed`, with the exchanges on either side"
)
LEVELS = "a finding keeps the level of its rule in RFC 9293, whatever the profile: a SHOULD stays a warning"
WEIGHTS = (
    "fail: a MUST or MUST NOT in capitals is broken (RFC 9293 section 2.1); or the procedure is left so that the"
    " connection becomes something else: its state, RCV.NXT or SND.UNA, text or a FIN taken or lost, the connection"
    " killed or kept; or the documented open or close itself",
    "warn: a SHOULD; a reply that is missing, one too many or of another form while the connection becomes what it"
    " must; a MUST that a named custom breaks",
    "pass with a note: a MAY; a number exactly at an edge of the window (section 3.10.7.4 points to Appendix A.2; the"
    " real window may be larger than the one told)",
)
EFFECT = (
    "the exchange goes on behind a departure in a reply, and ends with a question whose answer tells the block: where"
    " everything that came fits the block as it must be, the effect is `kept`, else `changed`; `untold` where nothing"
    " answered"
)

Parts = list[tuple[str, list[str]]]


def sheet(name: str, columns: int) -> str:
    """What there is to say of an id, as labelled paragraphs in so many columns; empty where nothing has it."""
    low = name.lower()
    below = ""
    if low == "levels":
        title = "levels: what a departure weighs"
        parts = [
            ("words", list(WEIGHTS)),
            ("effect", [EFFECT]),
            ("exit code 1", ["something is judged fail"]),
        ]
    elif low in TOPICS:
        title = "profile: the reading where RFC 793 and RFC 5961 differ"
        meant = [f"{profile}: {MEANING[profile]}" for profile in PROFILES]
        parts = [("profiles", meant), ("differ in", list(DIFFERENCES)), ("mixed", [MIXED]), ("levels", [LEVELS])]
    elif low in EXCHANGES:
        scenario = EXCHANGES[low]
        shows = [f"{rule} ({RULES[rule].level}): {RULES[rule].sentence}" for rule in scenario.shows if rule in RULES]
        how = "for minutes; played only with --slow" if scenario.slow else "left out by --no-wait"
        waits = [f"for a timer of the peer ({how})"] * scenario.waits
        title, needs = f"{low}: {scenario.title}", [application(scenario)]
        parts = [("clause", [scenario.clause]), ("needs", needs), ("waits", waits), ("shows", shows)]
        below = "\n\n" + "\n".join(f"  {line}" for line in (_DIALOGUE, *dialogue(scenario)))
    elif low in RULES:
        title, parts = f"{low}: {RULES[low].sentence}", _rule(RULES[low])
        below = f"\n\n  notation: {_NOTATION}"
    elif (row := ROWS.get(name.upper())) is not None:
        title, parts = f"{name.upper()}: in {row.states}, on {row.condition}", _row(name.upper())
    else:
        return ""
    lines = textwrap.wrap(title, columns)
    for label, texts in parts:
        for place, text in enumerate(filter(None, texts)):
            head = f"  {label if place == 0 else '':<{_LABEL - 2}}"
            lines += textwrap.wrap(text, columns, initial_indent=head, subsequent_indent=" " * _LABEL)
    return "\n".join(lines) + below


def _rule(rule: Rule) -> Parts:
    level = rule.level + (f" ({', '.join(rule.keyword_ids)})" if rule.keyword_ids else "")
    verdict = {
        "fail": "fail",
        "warn": "warn",
        "by-effect": "fail where the connection becomes something else, warn where only a reply is not as due",
    }
    return [
        ("clause", [rule.source]),
        ("level", [level + (f"; {rule.level_note}" if rule.level_note else "")]),
        ("if broken", [verdict[rule.severity]]),
        ("stimulus", [rule.stimulus]),
        ("permitted", [rule.permitted]),
        ("forbidden", [rule.forbidden]),
        ("needs", [APPLICATIONS[code] for code in rule.needs] + [rule.needs_note]),
        ("rows", [f"{n}: {ROWS[n].states}; {ROWS[n].condition}; {ROWS[n].reaction}" for n in rule.rows if n in ROWS]),
        ("shown by", rule_coverage(rule.id, shown_by().get(rule.id, [])).split("; ")),
    ]


def _row(name: str) -> Parts:
    row, shown = ROWS[name], shown_by()
    ruled = [rule for rule in RULES.values() if name in rule.rows]
    exchanges = dict.fromkeys(e for rule in ruled for e in shown.get(rule.id, []))
    return [
        ("clause", [row.clause]),
        ("level", ["SPEC: procedural text without a keyword" if row.level == Level.SPEC else row.level]),
        ("reaction", [row.reaction]),
        ("rules", [f"{rule.id}: {rule.sentence}" for rule in ruled]),
        ("shown by", list(exchanges) or ["no exchange yet"]),
    ]
