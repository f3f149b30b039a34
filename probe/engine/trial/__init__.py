"""What do all attempts of one run come to?

A live check and a recording of it hold the same attempts, so both bring them here and report the same. What only the
whole run knows decides with: what was measured of the path, whether the listener keeps state, packets that our own
buffer lost, a deadline, an interruption.

In reading order:

- ``attempt``  one attempt: its conductor and flow, what its judge is given, how it is reported step by step
- ``death``    a peer that answers no longer: which segments may have ended it, which attempts tell nothing
- ``hearing``  the attempts of a check to its results; a stack that keeps to neither reading of the RFC is told
- ``matrix``   the attempts at the cells of a matrix, and at the ways into its states

For example::

    from probe.engine.judge.attempt import judge
    from probe.engine.trial.attempt import case_of
    from probe.engine.trial.hearing import Hearing

    hearing = Hearing(target, scenarios)
    hearing.add(attempt.scenario)
    hearing.attempts[attempt.scenario.id].append(attempt)
    hearing.opinions[attempt.scenario.id].append(judge(case_of(attempt)))
    results = hearing.results(interrupted=False)
"""
