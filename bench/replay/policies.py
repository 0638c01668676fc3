"""The rules by which other monitors judge a sender by its heartbeats. Pure: arrivals in, verdicts out, in seconds.

A trace is {worker: [arrival, ...]}. A policy yields {worker: [verdict, ...]}: when the worker is declared dead; its next
arrival brings it back. While the detector is paused it judges nothing; afterwards it reads what has arrived first."""
import collections
import math
import statistics


class Pauses:
    """When the detector did not run: [(begin, end), ...], in order."""

    def __init__(self, spans=()):
        self.spans = list(spans)

    def awake(self, at):
        """The first instant from `at` on at which it runs."""
        return next((end for begin, end in self.spans if begin <= at < end), at)


def silences(arrivals, end):
    """Each arrival, and what ended the silence behind it."""
    return zip(arrivals, arrivals[1:] + [end])


def fixed(trace, end, pauses=Pauses(), timeout=90):
    """A timeout, and nothing else."""
    return {worker: [pauses.awake(at + timeout) for at, following in silences(arrivals, end)
                     if pauses.awake(at + timeout) < following]
            for worker, arrivals in trace.items()}


# Nomad: configuration/server, "Client Heartbeats" (https://developer.hashicorp.com/nomad/docs/configuration/server).
NOMAD_PER_SECOND, NOMAD_MIN_TTL, NOMAD_GRACE = 50, 10, 10


def nomad_client_ttl(clients):
    """The least and the greatest TTL that one of so many clients is given."""
    base = max(clients / NOMAD_PER_SECOND, NOMAD_MIN_TTL)
    return base, 2 * base


def nomad_server_ttl(clients):
    """How long the server waits for it."""
    return tuple(ttl + NOMAD_GRACE for ttl in nomad_client_ttl(clients))


def nomad(trace, end, pauses=Pauses(), ttl=30):
    """`ttl`: these senders beat every 30 s, so that is what they must have been given."""
    return fixed(trace, end, pauses, ttl + NOMAD_GRACE)


# Eureka: lease of 90 s, renewed every 30 s; below 85 % of the renewals that are expected in a minute nobody expires
# (https://github.com/Netflix/eureka/wiki/Understanding-Eureka-Peer-to-Peer-Communication and eureka-core's defaults).
EUREKA_LEASE, EUREKA_MINUTE, EUREKA_RENEWALS, EUREKA_PERCENT = 90, 60, 2, 0.85


def eureka_threshold(instances):
    """So many renewals in a minute and fewer: self-preservation."""
    return EUREKA_RENEWALS * instances * EUREKA_PERCENT


def eureka(trace, end, pauses=Pauses()):
    """Looks for expired leases once a minute."""
    verdicts = {worker: [] for worker in trace}
    renewals = sorted((at, worker) for worker, arrivals in trace.items() for at in arrivals)
    registered, minute, position = {}, collections.deque(), 0
    tick = EUREKA_MINUTE
    while tick < end:
        now = pauses.awake(tick)
        while position < len(renewals) and renewals[position][0] <= now:
            at, worker = renewals[position]
            registered[worker] = at
            minute.append(at)
            position += 1
        while minute and minute[0] <= now - EUREKA_MINUTE:
            minute.popleft()
        if len(minute) > eureka_threshold(len(registered)):
            for worker in [worker for worker, at in registered.items() if now - at > EUREKA_LEASE]:
                del registered[worker]
                verdicts[worker].append(now)
        tick += EUREKA_MINUTE
    return verdicts


# Phi accrual: Hayashibara, Defago, Yared, Katayama, "The phi accrual failure detector" (2004); the parameters and what
# is done before there are samples, and with the interval that ends a suspicion, as in Akka
# (https://doc.akka.io/api/akka/current/akka/remote/PhiAccrualFailureDetector.html).
PHI_THRESHOLD, PHI_WINDOW, PHI_MIN_DEVIATION, PHI_FIRST = 8, 1000, 0.1, 30


def phi(silence, mean, deviation):
    """-log10 of how likely a heartbeat still comes."""
    later = math.erfc((silence - mean) / deviation / math.sqrt(2)) / 2
    return math.inf if later == 0 else -math.log10(later)


PHI_DEVIATIONS = statistics.NormalDist().inv_cdf(1 - 10 ** -PHI_THRESHOLD)  # by which it reaches the threshold


class PhiHistory:
    def __init__(self):
        self.intervals, self.sum, self.squares = collections.deque(), 0.0, 0.0
        self.add(PHI_FIRST - PHI_FIRST / 4)
        self.add(PHI_FIRST + PHI_FIRST / 4)

    def add(self, interval):
        self.intervals.append(interval)
        self.sum += interval
        self.squares += interval * interval
        if len(self.intervals) > PHI_WINDOW:
            oldest = self.intervals.popleft()
            self.sum -= oldest
            self.squares -= oldest * oldest

    def limit(self):
        """The silence at which phi reaches the threshold."""
        mean = self.sum / len(self.intervals)
        variance = max(0.0, self.squares / len(self.intervals) - mean * mean)
        return mean + PHI_DEVIATIONS * max(math.sqrt(variance), PHI_MIN_DEVIATION)


def phi_accrual(trace, end, pauses=Pauses()):
    verdicts = {}
    for worker, arrivals in trace.items():
        history, verdicts[worker] = PhiHistory(), []
        for at, following in silences(arrivals, end):
            due = pauses.awake(at + history.limit())
            if due < following:
                verdicts[worker].append(due)
            else:
                history.add(following - at)
    return verdicts


RIVALS = {"fixed timeout, 90 s": fixed, "Nomad, TTL 30 s + 10 s": nomad, "Eureka, 30/90 s, 85 %": eureka,
          "phi accrual, 8": phi_accrual}
