"""Load on a chain: wrk for a time, or tools/load.cpp for an exact number or a fixed rate."""

import dataclasses
import re
import subprocess

import chains


@dataclasses.dataclass(frozen=True)
class Load:
    requests: int
    failed: int
    seconds: float
    p50_us: float = 0.0
    p99_us: float = 0.0
    p995_us: float = 0.0


def for_time(chain, connections, path, seconds):
    """Closed loop of wrk: each connection asks as soon as it is answered."""
    url = f"http://127.0.0.1:{chain.port}{path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10s", "--latency"]
    done = _run([*command, "-H", "Host: bench", url])
    requests = re.search(r"(\d+) requests in", done)
    if not requests:
        raise RuntimeError(f"{chain.name}: wrk said nothing: {done.strip()[:200]}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", done
    )
    total = int(failed.group(1)) if failed else 0
    total += sum(map(int, errors.groups())) if errors else 0
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    latency = dict(re.findall(r"\s+(50|99)%\s+([\d.]+\w+)", done))
    number = int(requests.group(1))
    return Load(number, total, number / rate if rate else 0, *map(_us, latency.values()))


def exactly(chain, connections, path, requests, rate=None):
    """`requests` of them in all; with `rate` (a second) each when it is due, in an open loop."""
    return _loads(chain, path, connections, requests, *([rate] if rate else []))[0]


def either(chain, connections, path, other, requests, rate):
    """An open loop as of exactly(), for one path or the other as drawn: the loads of each."""
    return _loads(chain, path, connections, requests, rate, other)


def http2(chain, path, seconds, connections=8, streams=16, grpc_message=None):
    """Closed loop of h2load: HTTP/2 without TLS, `streams` at once on each connection.

    `grpc_message`: a file with the body of a call of gRPC, to be posted.
    """
    url = f"http://127.0.0.1:{chain.port}{path}"
    command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}"]
    if grpc_message:
        command += [
            "-d",
            grpc_message,
            "-H",
            "content-type: application/grpc",
            "-H",
            "te: trailers",
        ]
    done = _run([*command, "--warm-up-time=0", url])
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", done)
    if not counts:
        raise RuntimeError(f"{chain.name}: h2load said nothing: {done.strip()[:200]}")
    good, failed, errored = map(int, counts.groups())
    return Load(good, failed + errored, seconds)


def _loads(chain, *arguments):
    """What tools/load.cpp says with these: a load, or one for each of two paths."""
    words = _run([f"{chains.CACHE}/load", str(chain.port), *map(str, arguments)]).split()
    if len(words) not in (5, 8):
        raise RuntimeError(f"{chain.name}: nobody listens on port {chain.port} any more")
    good, bad = map(int, words[:2])
    times = list(map(float, words[2:]))
    return [Load(good, bad, 0, *times[at : at + 3]) for at in range(0, len(times), 3)]


def _run(command):
    command = ["taskset", "-c", chains.LOAD_CPU, *command]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _us(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]
