"""Many routes and many endpoints: what they cost per request, in memory and at the start."""

import dataclasses
import os
import statistics
import time
import urllib.request

import chains
import cost
import load
import system
from rows import Bar, Row

FOLDER = f"{chains.ROOT}/build/bench/scale"
PORT, ADMIN = 17610, 17691
SERVICES = 100  # Each with 1/100 of the routes and endpoints.


@dataclasses.dataclass(frozen=True)
class Size:
    name: str
    routes: int
    endpoints: int


SMALL = Size("small", 100, 100)
ROUTES = Size("routes", 10_000, 100)
LARGE = Size("large", 10_000, 10_000)


def give_load(chain, seconds):
    return load.for_time(chain, 32, "/1k", seconds)


def scale(options):
    """Rows of the sidecar alone: its large configuration beside its small one."""
    program = next((c.cmds[0][0] for c in options.chains if c.name == options.ours), None)
    if program is None or "skiff-sidecar" not in program:
        return []
    sized = {size.name: write(size, program) for size in (SMALL, ROUTES, LARGE)}
    micros = {size.name: [] for size in (SMALL, LARGE)}
    failed = 0
    for number in range(options.rounds):
        for name, some in micros.items():
            value, done = cost.cpu_round(sized[name], give_load, options.seconds)
            some.append(value)
            failed += done.failed
            options.say(f"round {number + 1} {name}: {value:.2f} us")
    small, large = (statistics.median(micros[name]) for name in ("small", "large"))
    memory = {name: loaded(chain) for name, chain in sized.items()}
    apart = (memory["large"][0] - memory["routes"][0]) * 1024 / (LARGE.endpoints - ROUTES.endpoints)
    ours = options.ours
    return [
        Row(
            "10,000 routes and endpoints: CPU over that of 100",
            "×",
            {ours: large / small},
            [Bar(limit=1.05)],
            {ours: failed},
            f"{small:.2f} us and {large:.2f} us",
        ),
        Row("10,000 endpoints: memory of each", "B", {ours: apart}, [Bar(limit=200)]),
        Row(
            "10,000 routes and endpoints: start to ready",
            "s",
            {ours: memory["large"][1]},
            [Bar(limit=1)],
            {},
            f"{memory['small'][1]:.3f} s with 100; PSS {memory['large'][0]} KiB",
        ),
    ]


def loaded(chain):
    """PSS in KiB after the first requests, and seconds from the start to /ready."""
    took = seconds_to_ready(chain)
    with chains.running(chain) as pids:
        load.exactly(chain, 1, "/1k", 10)
        time.sleep(0.3)
        return system.pss_kib(pids), took


def seconds_to_ready(chain):
    begin = time.monotonic()
    process = chains.start(chain.cmds[0], chain.cwd, os.environ)
    try:
        while not is_ready(ADMIN):
            if process.poll() is not None or time.monotonic() - begin > 60:
                raise RuntimeError(f"{chain.name}: not ready")
            time.sleep(0.005)
        return time.monotonic() - begin
    finally:
        chains.stop(process)


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def write(size, program):
    """Writes the configuration of this size; the chain that runs with it."""
    folder = f"{FOLDER}/{size.name}"
    os.makedirs(f"{folder}/policies", exist_ok=True)
    sidecar = SIDECAR.format(port=PORT, admin=ADMIN)
    put(f"{folder}/sidecar.yaml", sidecar)
    routes, endpoints = size.routes // SERVICES, size.endpoints // SERVICES
    documents = [BACKEND, *(route("backend", n) for n in range(routes - 1))]
    for number in range(1, SERVICES):
        name = f"service-{number}"
        documents.append(service(name, number, endpoints))
        documents += [route(name, n) for n in range(routes)]
    put(f"{folder}/policies/all.yaml", "---\n".join(documents))
    return chains.Chain(size.name, PORT, [[program, "--config", f"{folder}/sidecar.yaml"]])


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def service(name, number, endpoints):
    lines = [
        f"    - {{address: 127.{number}.{n // 250}.{n % 250 + 1}, port: 9000, zone: a}}\n"
        for n in range(endpoints)
    ]
    return SERVICE.format(name=name) + "".join(lines)


def route(name, number):
    return ROUTE.format(name=name, number=number)


SIDECAR = """apiVersion: skiff.dev/v1
kind: Sidecar
metadata: {{name: scale}}
spec:
  service: bench
  outbound: [{{name: by-host, port: {port}}}]
  admin: {{port: {admin}}}
  policies: policies
  accessLog: {{mode: "off"}}
  logLevel: warn
"""

SERVICE = """apiVersion: skiff.dev/v1
kind: Service
metadata: {{name: {name}}}
spec:
  ports: [{{name: http, port: 80}}]
  endpoints:
"""

# The one that is called; of its routes the last takes what the others do not.
BACKEND = """apiVersion: skiff.dev/v1
kind: Service
metadata: {name: backend}
spec:
  hosts: [bench]
  ports: [{name: http, port: 80}]
  endpoints: [{address: 127.0.0.1, port: 9000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: backend}
spec:
  parentRefs: [{kind: Service, name: backend}]
  rules:
    - backendRefs: [{name: backend, port: 80}]
"""

ROUTE = """apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}-{number}}}
spec:
  parentRefs: [{{kind: Service, name: {name}}}]
  rules:
    - matches: [{{path: {{value: /route/{number}}}}}]
      backendRefs: [{{name: {name}, port: 80}}]
"""
