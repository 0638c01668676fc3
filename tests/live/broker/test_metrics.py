"""GET /metrics and GET /v1/sd as those take them for whom they are: promtool, and a real Prometheus."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from fleet import LIMIT_S, Program, Queen, await_that
from pathlib import Path

ALERTS = Path(__file__).parents[3] / "contrib" / "prometheus" / "alerts.yml"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
HOSTILE = ['<b>"bold"</b>', 'a"} 1\nup{job="x"} 0', "back\\slash\\n", "\x1b[2Jclear", "rtl\u202eltr", "100%0A", "日本語 🐝", "\u2028"]

if not shutil.which("promtool"):
    pytest.skip("Debian's package prometheus is not installed", allow_module_level=True)


def scrape(queen, query="", accept=None):
    """Content type and text."""
    request = urllib.request.Request(f"{queen.url}/metrics{query}", headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
        return response.headers["Content-Type"], response.read().decode()


def beat(queen, worker, **more):
    return queen.post({"worker_id": worker, "hive_id": "posted", "status": "idle", **more})[0]


def sample(text, name):
    """The value of the series that is written so."""
    found = re.search("^" + re.escape(name) + r" (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


@pytest.fixture
def queen(broker, root, started):
    return started(Queen, broker, root, "--sd-endpoints", "127.0.0.0/8")


def test_promtool_finds_nothing_to_mend(queen, agent):
    names = [agent(f"h1/w{i}").name for i in range(3)]
    queen.await_all(names)
    for number, model in enumerate(HOSTILE):
        assert beat(queen, f"w{number}", model_loaded=model, version=model[:60], labels={"a": model}) == 202
    content_type, text = scrape(queen, "?workers=1")
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sample(text, 'skep_workers{state="online"}') == 3 + len(HOSTILE)
    assert len(re.findall(r"^skep_model_queue_depth\{", text, re.MULTILINE)) >= len(HOSTILE)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", text)
    print(f"series: {sum(not line.startswith('#') for line in text.splitlines())}")


def test_its_own_process_is_measured(queen):
    before = scrape(queen)[1]
    for _ in range(50):
        queen.workers()
    after = scrape(queen)[1]
    for name in ("process_cpu_seconds_total", "skep_loop_turn_seconds_count", "skep_loop_turn_seconds_sum"):
        assert sample(after, name) > sample(before, name), name
    assert abs(sample(after, "process_start_time_seconds") - time.time()) < 3600
    assert sample(after, "process_resident_memory_bytes") > 1 << 20
    assert 5 < sample(after, "process_open_fds") < sample(after, "process_max_fds")
    cumulative = [int(n) for n in re.findall(r"^skep_loop_turn_seconds_bucket.* (\d+)$", after, re.MULTILINE)]
    assert cumulative == sorted(cumulative) and cumulative[-1] == sample(after, "skep_loop_turn_seconds_count")


def test_nothing_is_left_of_a_forgotten_worker(queen):
    assert beat(queen, "leaver", model_loaded="gone-model") == 202
    assert "leaver" in scrape(queen, "?workers=1")[1]
    assert queen.ask("/v1/hives/posted/workers/leaver?force=true", "DELETE")[0] == 204
    for accept in (None, OPENMETRICS):
        text = scrape(queen, "?workers=1", accept)[1]
        assert not re.search("leaver|gone-model|hive=\"posted", text)


def test_too_many_series_are_left_out(broker, root, started):
    queen = started(Queen, broker, root, "--metrics-max-series", "25")
    for number in range(3):
        assert beat(queen, f"w{number}") == 202
    text = scrape(queen, "?workers=1")[1]
    assert sample(text, "skep_metrics_truncated") == 1 and "skep_worker_" not in text
    assert sample(text, 'skep_hive_workers{hive="posted",state="online"}') == 3
    assert sample(scrape(queen)[1], "skep_metrics_truncated") == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus(Program):
    """Debian's, which scrapes a queen every second: her own metrics as text or OpenMetrics, workers, and her targets."""

    def __init__(self, broker, queen):
        self.port, target = free_port(), f"127.0.0.1:{queen.port}"
        folder = broker.folder / "prometheus"
        folder.mkdir()
        (folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [
                {"job_name": "skep", "static_configs": [{"targets": [target]}]},
                {"job_name": "skep-workers", "params": {"workers": ["1"]}, "static_configs": [{"targets": [target]}]},
                {"job_name": "found", "http_sd_configs": [{"url": f"{queen.url}/v1/sd", "refresh_interval": "1s"}],
                 "relabel_configs": [{"source_labels": ["__meta_skep_kind"], "target_label": "kind"},
                                     {"source_labels": ["__meta_skep_worker"], "target_label": "worker"}]},
            ]}), encoding="ascii")
        super().__init__(folder, Path(shutil.which("prometheus")), "--config.file", folder / "prometheus.yml",
                         "--storage.tsdb.path", folder / "data", "--web.listen-address", f"127.0.0.1:{self.port}")
        self.start()

    def ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=LIMIT_S) as response:
                return json.load(response)["data"]
        except OSError:  # it starts
            return None

    def value(self, expression):
        """Of the only series of it; None if there is none yet."""
        data = self.ask("query", query=expression)
        return float(data["result"][0]["value"][1]) if data and len(data["result"]) == 1 else None

    def targets(self, job):
        data = self.ask("targets", state="active")
        return [t for t in data["activeTargets"] if t["labels"]["job"] == job] if data else []

    def firing(self):
        data = self.ask("alerts")
        return {a["labels"]["alertname"] for a in data["alerts"] if a["state"] == "firing"} if data else set()


def test_a_real_prometheus_scrapes_a_real_queen(broker, queen, agent, started):
    doomed = agent("h1/doomed", "--http", "127.0.0.1:0")
    queen.await_all([doomed.name])
    for number, model in enumerate(HOSTILE):
        assert beat(queen, f"w{number}", model_loaded=model) == 202
    prometheus = started(Prometheus, broker, queen)
    online = 'skep_workers{job="skep",state="online"}'
    await_that(lambda: prometheus.value(online) == 1 + len(HOSTILE), "a scrape")
    for job in ("skep", "skep-workers"):
        target = await_that(lambda: [t for t in prometheus.targets(job) if t["health"] != "unknown"], job)[0]
        assert (target["health"], target["lastError"]) == ("up", ""), job
    await_that(lambda: prometheus.value('skep_worker_state_code{worker="doomed"}') == 2, "a worker of its own")
    models = prometheus.ask("query", query='skep_model_queue_depth{job="skep"}')["result"]
    assert {urllib.parse.unquote(s["metric"]["model"]) for s in models} >= set(HOSTILE)  # as they were reported
    found = await_that(lambda: {t["labels"].get("kind"): t for t in prometheus.targets("found")
                                if t["health"] != "unknown"}.keys() >= {"queen", "worker"} and prometheus.targets("found"),
                       "targets of the queen")
    kinds = {t["labels"]["kind"]: t for t in found}
    assert kinds["queen"]["health"] == "up"
    assert kinds["worker"]["labels"]["worker"] == "doomed" and "/metrics" in kinds["worker"]["scrapeUrl"]
    assert not prometheus.firing() & {"SkepWorkersLost", "SkepQueenAbsent", "SkepQueenBlind"}
    doomed.kill()
    queen.await_state(doomed.name, "stale")
    await_that(lambda: "SkepWorkersLost" in prometheus.firing(), "the alert for a killed worker")
    assert queen.ask("/v1/hives/h1/workers/doomed?force=true", "DELETE")[0] == 204
    await_that(lambda: "SkepWorkersLost" not in prometheus.firing(), "its end")
    assert "SkepQueenAbsent" not in prometheus.firing()
