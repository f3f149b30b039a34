"""What does a record show of a peer: which rules it kept, which it broke, and how sure is that?

The judge asks the belief whether every reaction, silence included, was permitted. What was not gets the name of a rule
(``blame``), and the plainest excuse that would explain it becomes a doubt (``excuses``). One attempt is an opinion; a
verdict takes several, which the jury hears: a suspicion counts when it comes again, never when it is alone, and when
what would excuse it does not stand on the path of this run.

In reading order:

- ``case``          what the judge is given of one attempt
- ``attempt``       one attempt at an exchange: evidence or none, and what it comes to
- ``findings``      departures from the oracle, and what it cannot know: as findings
- ``excuses``       the one ladder of excuses, for live checks and captures, with the doubt each rung leaves
- ``blame``         the name of a departure
- ``exercised``     the rules a record shows in action, and the form of its close
- ``reached``       whether an exchange came to what it is about, and what prevented it
- ``header``, ``segment_size``, ``timers``   what the oracle does not look at: form, sizes, times
- ``in_view``       an opinion once the path is known: what it rests on, what of it is the peer's
- ``jury``          several attempts to a verdict
- ``answers``       the verdicts of a run to its answers
- ``beginning``     what an end of a captured connection may be before the record begins
- ``capture``       both ends of a captured connection, where nothing is known of the application
- ``by_shape``      records that look alike are judged once

For example::

    from probe.engine.judge.attempt import judge
    from probe.engine.judge.case import Case
    from probe.engine.judge.jury import heard_enough, settle

    opinions = [judge(Case(scenario, transcript, UNKNOWN_PORT, USUAL))]
    if heard_enough(opinions, path):
        print(settle(opinions, path).word)    # pass, fail, warn, inconclusive or skip
"""
