"""The peer closes its sending side only; in FIN-WAIT-2 it still takes and acknowledges our data (3.6)."""

from probe.scenarios.steps import OPEN, Command, Expect, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="half-close-by-peer",
    title="half-close by the peer, it still receives",
    steps=(
        *OPEN,
        Send("P.", data=Command("half-close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("."),
        Question(),
        Wait(Span.REPETITION),
        Send("P.", data=b"0123456789"),
        Expect(".", within=Span.LATE, rule="aclose.halfclose-receives"),
        Send("F."),
        Expect("."),
    ),
    shows=(
        "aclose.fin-form",
        "aclose.fin-acked-stops",
        "aclose.no-data-after-fin",
        "aclose.halfclose-receives",
        "aclose.finwait2-fin",
    ),
    clause="RFC 9293 3.6; 3.10.7.4 seventh",
)
