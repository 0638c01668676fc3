"""Each rule against an example of the document that it comes from, and the judge against cases by hand."""
import math

import pytest

import judge
import policies

END = 10000


def beats(until, every=30, begin=0):
    return [begin + every * number for number in range(int((until - begin) / every) + 1)]


def test_a_fixed_timeout_counts_from_the_last_arrival():
    assert policies.fixed({"w": [0, 30, 60, 151]}, END) == {"w": [150, 241]}
    assert policies.fixed({"w": [0, 30, 60, 150]}, 200) == {"w": []}


def test_a_paused_detector_reads_first_and_judges_then():
    pauses = policies.Pauses([(85, 95)])
    assert policies.fixed({"w": [0, 95]}, 100, pauses) == {"w": []}
    assert policies.fixed({"w": [0, 96]}, 100, pauses) == {"w": [95]}


# Nomad, configuration/server, "Client Heartbeats": the table of TTLs for the default values.
@pytest.mark.parametrize("clients, client_ttl, server_ttl", [
    (10, (10, 20), (20, 30)),
    (100, (10, 20), (20, 30)),
    (1000, (20, 40), (30, 50)),
    (5000, (100, 200), (110, 210)),
    (10000, (200, 400), (210, 410)),
])
def test_nomad_table(clients, client_ttl, server_ttl):
    assert policies.nomad_client_ttl(clients) == client_ttl
    assert policies.nomad_server_ttl(clients) == server_ttl


def test_nomad_marks_down_after_ttl_and_grace():
    assert policies.nomad({"w": [0, 30]}, END) == {"w": [70]}


# Eureka, https://dzone.com/articles/the-mystery-of-eurekas-self-preservation: with N instances that renew every 30 s the
# server expects 2 * N renewals in a minute, and wants 2 * N * 0.85 of them.
@pytest.mark.parametrize("instances, threshold", [(1, 1.7), (2, 3.4), (100, 170)])
def test_eureka_threshold(instances, threshold):
    assert policies.eureka_threshold(instances) == pytest.approx(threshold)


def test_eureka_expires_one_of_ten():
    trace = {f"w{number}": beats(1000, begin=number) for number in range(9)} | {"dead": beats(300)}
    assert policies.eureka(trace, 1000)["dead"] == [420]  # the first look more than 90 s after 300


# The same article, and Netflix' wiki, "Server Self Preservation Mode": two of five are cut off by a partition, more than
# 15 % of the renewals; from then on nobody expires, and the third, which really dies, stays in the registry. (In the
# article the two expire before; by the rule the renewals are too few already when their leases end.)
def test_eureka_preserves_itself():
    trace = {f"w{number}": beats(1000, begin=number) for number in (1, 2)}
    trace |= {"w3": beats(700, begin=3), "w4": beats(300, begin=4), "w5": beats(300, begin=5)}
    assert not any(policies.eureka(trace, 1000).values())


# The paper, definition of phi: suspecting at phi 1 one errs in about 10 % of the cases, at 2 in 1 %, at 3 in 0.1 %.
@pytest.mark.parametrize("level, chance", [(1, 0.1), (2, 0.01), (3, 0.001)])
def test_phi_is_the_chance_to_err(level, chance):
    deviations = policies.statistics.NormalDist().inv_cdf(1 - chance)
    assert policies.phi(10 + 2 * deviations, 10, 2) == pytest.approx(level)


def test_phi_reaches_its_threshold_where_the_limit_says():
    assert policies.phi(1 + 0.1 * policies.PHI_DEVIATIONS, 1, 0.1) == pytest.approx(policies.PHI_THRESHOLD, abs=1e-3)


def test_phi_learns_the_regular_and_the_irregular():
    regular, irregular = policies.PhiHistory(), policies.PhiHistory()
    for number in range(policies.PHI_WINDOW):
        regular.add(30)
        irregular.add(30 + 10 * (number % 2))
    assert regular.limit() == pytest.approx(30 + 0.1 * policies.PHI_DEVIATIONS)  # never less than 100 ms
    assert irregular.limit() == pytest.approx(35 + 5 * policies.PHI_DEVIATIONS)


def test_phi_does_not_learn_from_what_it_suspected():
    arrivals = beats(30000) + beats(60000, begin=50000)
    verdicts = policies.phi_accrual({"w": arrivals}, 60000)["w"]
    assert len(verdicts) == 1 and 30030 < verdicts[0] < 30032


RECORD = """\
0 queen q1 blind
0 truth w alive
5 queen q1 sees
10000 beat w
20000 queen q1 paused
30000 queen q1 blind
50000 queen q1 sees
60000 verdict w stale
61000 beat w
61000 verdict w online
70000 truth w apart
71000 verdict w stale
80000 truth w alive
90000 verdict w online
100000 truth w gone
100300 verdict w stale
"""


def test_the_judge_counts_verdicts_on_the_living_and_finds_the_dead():
    record = judge.Record(RECORD, 200)
    assert record.arrivals == {"w": [10, 61]}
    assert record.announced == {"w": [(60, 61), (71, 90), (100.3, math.inf)]}
    assert record.pauses == [(20, 30)]
    assert record.longest_blind() == 30
    score = judge.score(record, record.announced)
    assert (score.false, score.missed, score.deaths) == (1, 0, 1)
    assert score.percentile(50) == pytest.approx(0.3)


def test_the_judge_counts_missed_deaths():
    record = judge.Record(RECORD, 200)
    score = judge.score(record, {"w": [(60, 61)]})
    assert (score.false, score.missed) == (1, 1)
    assert score.percentile(50) == math.inf


def test_who_was_held_to_be_dead_already_is_found_at_once():
    record = judge.Record(RECORD, 200)
    assert judge.score(record, judge.standing({"w": [95]}, record.arrivals)).percentile(50) == 0
