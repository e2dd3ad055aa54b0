"""Which case a seed stands for."""

import pytest

from lockgate.evals.crash.ways import PATTERNS, ROUND, WAYS, case_of


def test_a_round_of_seeds_holds_every_pairing_as_often_as_it_should():
    cases = [case_of(seed) for seed in range(len(PATTERNS) * len(ROUND))]
    for pattern in PATTERNS:
        assert sorted(case.way for case in cases if case.pattern == pattern) == sorted(ROUND)
    assert {*ROUND} == {*WAYS}


def test_the_runs_of_ci_and_of_the_night_kill_at_least_as_often_as_they_promise():
    for seeds in (200, 2_000):
        cases = [case_of(seed) for seed in range(seeds)]
        assert sum(len(case.at) for case in cases if WAYS[case.way].act == "kill") >= seeds


def test_a_few_seeds_already_hold_many_ways():
    assert len({case_of(seed).way for seed in range(40)}) >= 5
    assert {case_of(seed).pattern for seed in range(5)} == {*PATTERNS}


@pytest.mark.parametrize("seed", [0, 7, 123_456])
def test_a_seed_is_the_same_case_every_time(seed):
    assert case_of(seed) == case_of(seed)
    assert case_of(seed, ["debate"], ["in-resume"]).thread == f"debate-in-resume-{seed}"


def test_blows_fall_all_over_the_run():
    at = [at for seed in range(1_000) for at in case_of(seed).at]
    assert min(at) < 0.05 and max(at) > 0.95
    assert {case_of(seed).side for seed in range(400) if case_of(seed).way == "in-resume"} == {"before", "after"}
