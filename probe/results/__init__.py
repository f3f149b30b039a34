"""What did a command find out? Plain frozen records: the only thing that reports know, and that programs are handed.

No record decides by a sentence: a verdict, a level, a close, an answer is an enum, and ``Why`` says why something tells
nothing; reasons and notes beside them are for people.

In reading order:

- ``verdict``       verdicts, findings, steps, exchanges, runs and the report of a check
- ``answers``       what a check was asked: the handshake, both ways to close, and what departs around them
- ``effect``        what became of the connection, which the weight of a finding hangs on
- ``path``          the path of a run as a suspect: loss, filters, translation and their like
- ``learned``       which questions this peer answers, and how long each kind of wait takes with it
- ``path_run``      the path by itself, and its hops
- ``death``         a peer that answers no longer, and what it had been sent
- ``proofs``        what a verdict stands on: reached, delivered, departed, again
- ``matrix``        cells and ways of a matrix
- ``connection``    the connections of a replay
- ``listing``       many of them: what those of one shape share, and of each its own
- ``timeline``      when they opened and ended
- ``ending``        why a connection ended: the vocabulary of causes, and trouble by server
- ``artefacts``     what recorders do to a file: suspects of it as those of the path are of a run
- ``soak``          a long run of one exchange
- ``expectations``  which deviations were known before, which are gone, which are news
- ``exit_codes``    what all that comes to for the shell, and which code outweighs which

For example::

    from probe.results.verdict import Verdict

    for exchange in report.exchanges:
        if exchange.news is Verdict.FAIL:
            for finding in exchange.findings:
                print(exchange.id, finding.rule, finding.level_text, finding.came)
"""
