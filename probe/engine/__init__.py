"""What a peer may be, what that shows, and what is sent next: the pure middle of the house.

Nothing here has a socket, a clock, chance or a memory of its own: events come in, commands and opinions come out, and
whatever is remembered lies in an object that is handed in. So a recorded run is judged by the very code that judged
the live one, and a test plays a whole run in invented time.

The chambers, in reading order, and the only arrows between them (``tests/test_imports.py`` holds them)::

    belief   what an end may be: every permitted history at once
    path     what lies between the ends and us: what it may have done to the record     path  -> belief
    judge    what a record shows: opinions, findings, verdicts                          judge -> path, belief
    play     what is sent, and when                                                     play  -> judge, belief
    trial    the attempts of one run, to its reported results               trial -> play, judge, path, belief

An exchange from end to end: ``play.conductor`` sends what a scenario says and feeds a ``belief.watch`` with all that
passes; ``judge.attempt`` asks which rules that shows kept or broken; ``judge.jury`` settles several attempts;
``trial.hearing`` makes the results of the run from that::

    opinion = judge(case_of(attempt))          # judge.attempt, trial.attempt
    verdict = settle([opinion], path)          # judge.jury
"""
