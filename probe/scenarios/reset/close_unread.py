"""The peer's application closes without having read everything: a RST tells us that data was lost."""

from probe.scenarios.steps import OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-unread",
    title="close with unread data",
    steps=(
        *OPEN,
        Send("P.", data=Command("close with data unread")),
        Send("P.", data=b"0123456789"),
        Expect("R", rule="rstgen.unread-data-at-close", application=True),
    ),
    shows=("rstgen.unread-data-at-close",),
    clause="RFC 9293 3.6.1",
    aborts=True,
)
