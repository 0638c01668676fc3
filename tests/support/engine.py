#!/usr/bin/python3
"""engine.py ENGINE PORT [MODE] - stands in for an inference engine: the paths that a probe asks for, on the loopback, with
numbers that move as those of the engine do. Modes: loading, idle, working, prefill (a long prompt alone), hung (it answers,
and nothing moves), asleep, deaf (metrics are not answered), dead (nobody listens); endless, dripping, garbage, headers (hostile
answers)."""
import http.server
import json
import socket
import sys
import threading
import time

STEP_S = 0.05
PROMETHEUS, JSON = "text/plain; version=0.0.4", "application/json"


def exposition(samples):
    return "".join(f"# HELP {name} made up\n{name}{labels} {value}\n" for name, labels, value in samples).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind=JSON):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self):
        engine = self.server.engine
        path, engine.authorization = self.path.split("?")[0], self.headers.get("Authorization")
        try:
            if engine.mode in ("endless", "dripping", "garbage", "headers"):
                self.hostile(engine)
            else:
                answer = getattr(engine, engine.kind)(path)
                self.answer(*(answer or (404, b'{"detail":"Not Found"}')))
        except OSError:
            self.close_connection = True

    def hostile(self, engine):
        self.close_connection = True
        if engine.mode == "garbage":
            self.wfile.write(b"\x00\xff" * 1000)
        elif engine.mode == "headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while engine.mode == "headers":
                self.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        elif engine.mode == "dripping":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while engine.mode == "dripping":
                self.wfile.write(b"a")
                time.sleep(0.02)
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while engine.mode == "endless":
                self.wfile.write(b"sglang:num_running_reqs{a=\"b\"} 1\n" * 1000)


class Server(http.server.ThreadingHTTPServer):
    """One that ends takes its connections with it."""
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = set()

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def end(self):
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Engine:
    """`kind` is one of llama_cpp, vllm, sglang, ollama, triton, tensorrt_llm; `mode` as above."""

    def __init__(self, kind, mode="idle", port=0):
        self.kind, self.server = kind.replace(".", "_").replace("-", "_"), None
        self.steps, self.moved_at, self._mode = 100.0, time.monotonic(), "dead"
        self.port = port
        self.mode = mode

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        self.count_steps()
        self._mode = mode
        if mode == "dead":
            self.end()
        elif not self.server:
            self.server = Server(("127.0.0.1", self.port), Handler)
            self.server.engine, self.port = self, self.server.server_port
            threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def end(self):
        server, self.server = self.server, None
        if server:
            server.end()

    def count_steps(self):
        now = time.monotonic()
        if self._mode in ("working", "prefill"):
            self.steps += (now - self.moved_at) / STEP_S
        self.moved_at = now
        return int(self.steps)

    @property
    def running(self):
        return 2 if self.mode in ("working", "prefill", "hung", "deaf", "asleep") else 0

    def metrics(self, *samples):
        if self.mode == "deaf":
            time.sleep(3600)
        return 200, exposition(samples), PROMETHEUS

    def llama_cpp(self, path):
        loading = json.dumps({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}).encode()
        if self.mode == "loading":
            return 503, loading
        return {"/health": lambda: (200, b'{"status":"ok"}'),
                "/props": lambda: (200, json.dumps({"total_slots": 4, "model_alias": "stand-in", "model_path": "/m.gguf",
                                                    "is_sleeping": self.mode == "asleep"}).encode()),
                "/metrics": lambda: self.metrics(("llamacpp:requests_processing", "", self.running),
                                                 ("llamacpp:requests_deferred", "", 0),
                                                 ("llamacpp:tokens_predicted_total", "", 17),
                                                 ("llamacpp:n_decode_total", "", self.count_steps()))}.get(path, lambda: None)()

    def vllm(self, path):
        steps, labels = self.count_steps(), '{engine="0",model_name="stand-in"'
        counted, filled = (100, steps) if self.mode == "prefill" else (steps, 100)
        return {"/health": lambda: (200, b""),
                "/v1/models": lambda: (200, b'{"object":"list","data":[{"id":"stand-in"}]}'),
                "/version": lambda: (200, b'{"version":"0.11.2"}'),
                "/jobs": lambda: (200, json.dumps([{}] * 300).encode()),
                "/metrics": lambda: self.metrics(
                    ("vllm:num_requests_running", labels + "}", float(self.running)),
                    ("vllm:num_requests_waiting", labels + "}", "NaN"),
                    ("vllm:num_requests_waiting_by_reason", labels + ',reason="capacity"}', 7.0),
                    ("vllm:engine_sleep_state", labels + ',sleep_state="awake"}', float(self.mode != "asleep")),
                    ("vllm:kv_cache_usage_perc", labels + "}", filled % 100000 / 100000),
                    ("vllm:iteration_tokens_total_count", labels + "}", float(counted)))}.get(path, lambda: None)()

    def sglang(self, path):
        return {"/get_model_info": lambda: (200, b'{"model_path":"stand-in"}'),
                "/metrics": lambda: self.metrics(
                    ("sglang:num_running_reqs", "{}", float(self.running)), ("sglang:num_queue_reqs", "{}", 0.0),
                    ("sglang:generation_tokens_total", "{}", 17.0),
                    ("sglang:realtime_tokens_total", '{mode="decode"}', float(self.count_steps())))}.get(path, lambda: None)()

    def ollama(self, path):
        return {"/api/version": lambda: (200, b'{"version":"0.13.0"}'),
                "/api/ps": lambda: (200, b'{"models":[{"name":"stand-in:latest"}]}')}.get(path, lambda: None)()

    def triton(self, path):
        if path == "/v2/health/ready" and self.mode == "loading":
            return 503, b""
        return {"/v2/health/ready": lambda: (200, b""), "/v2": lambda: (200, b'{"version":"2.61.0"}'),
                "/v2/repository/index": lambda: (200, b'[{"name":"stand-in","state":"READY"}]'),
                "/metrics": lambda: self.metrics(
                    ("nv_inference_pending_request_count", '{model="m"}', self.running),
                    ("nv_inference_exec_count", '{model="m"}', self.count_steps()))}.get(path, lambda: None)()

    def tensorrt_llm(self, path):
        return {"/health": lambda: (200, b""), "/v1/models": lambda: (200, b'{"data":[{"id":"stand-in"}]}'),
                "/version": lambda: (200, b'{"version":"1.3.0"}'),
                "/prometheus/metrics": lambda: self.metrics(
                    ("trtllm_num_requests_running", "{}", float(self.running)),
                    ("trtllm_generation_tokens_total", "{}", 17.0))}.get(path, lambda: None)()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    print(Engine(sys.argv[1], sys.argv[3] if len(sys.argv) == 4 else "working", int(sys.argv[2])).url, flush=True)
    threading.Event().wait()
