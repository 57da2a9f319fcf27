"""Chains: what stands between the load and the backend, as processes and a port.

The form, in chains.json, peers/chains.json and files of others:
{"name": {"port": P, "cmds": [["program", "argument", …], …], "cwd": DIR}}, where paths are taken
from the project's root unless `cwd` names another folder.
"""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ.get("SKIFF_BENCH_CACHE", os.path.expanduser("~/.cache/skiff-bench"))
PROXY_CPU, LOAD_CPU = "0", "1"
BACKEND_PORT, HTTP2_BACKEND_PORT = 9000, 9001


@dataclasses.dataclass(frozen=True)
class Chain:
    name: str
    port: int
    cmds: list
    cwd: str = ROOT

    def exists(self):
        """Whether its programs are there (a path from the root, or on PATH)."""
        return all(_is_there(os.path.join(self.cwd, c[0])) or _on_path(c[0]) for c in self.cmds)


def _is_there(path):
    return os.access(path, os.X_OK) and os.path.isfile(path)


def _on_path(name):
    folders = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin"]
    return "/" not in name and any(_is_there(os.path.join(f, name)) for f in folders)


def read(files):
    """All chains of these JSON files, by name."""
    found = {}
    for path in files:
        with open(path, encoding="utf-8") as file:
            about = json.loads(file.read().replace("@CACHE@", CACHE))
        for name, chain in about.items():
            cwd = os.path.join(ROOT, chain.get("cwd", ""))
            found[name] = Chain(name, chain["port"], chain["cmds"], cwd)
    return found


def accepts(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    return False


def await_port(port, process=None, limit_s=15.0):
    """Waits until `port` accepts; an error where `process` ends before that."""
    end = time.monotonic() + limit_s
    while not accepts(port):
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args[-1]}: ended with {process.returncode} at its start")
        if time.monotonic() > end:
            raise RuntimeError(f"nothing accepts on port {port}")
        time.sleep(0.01)


@contextlib.contextmanager
def running(chain, prefix=(), env=None):
    """Runs the chain's processes on the proxies' CPU, each behind `prefix`; gives their pids."""
    if chain.cmds and accepts(chain.port):
        raise RuntimeError(f"port {chain.port} of {chain.name} is taken: does a run go on already?")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    certificates = {"SKIFF_BENCH_CERTIFICATES": f"{CACHE}/certs"}
    environment = {**os.environ, "PATH": path, **certificates, **(env or {})}
    processes = []
    try:
        for command in chain.cmds:
            full = ["taskset", "-c", PROXY_CPU, *prefix, *command]
            processes.append(start(full, chain.cwd, environment))
        await_port(chain.port, processes[0] if processes else None, 60 if prefix else 15)
        time.sleep(0.3)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            stop(process)


def start(command, cwd, environment):
    out = None if os.environ.get("SKIFF_BENCH_VERBOSE") else subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=out, stderr=out, start_new_session=True
    )


def stop(process):
    """Asks it to end, and again (which means at once), then ends it; then what it has begun.

    A master may go before its workers, whose port the next chain would find taken.
    """
    for attempt in (process.terminate, process.terminate, process.kill):
        attempt()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
            break
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if not is_left(process.pid, signal_number):
            return


def is_left(group, signal_number, limit_s=3.0):
    """Whether somebody of the process group is there some time after this signal."""
    end = time.monotonic() + limit_s
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal_number)
        while time.monotonic() < end:
            os.killpg(group, 0)
            time.sleep(0.01)
        return True
    return False


@contextlib.contextmanager
def backends():
    """The backends of all chains: HTTP/1.1 by NGINX, HTTP/2 without TLS by nghttpd."""
    nginx = ["nginx", "-g", "daemon off;", "-c", f"{CACHE}/backend.conf"]
    nghttpd = ["nghttpd", "--no-tls", "-n1", "-d", f"{CACHE}/www", "-a", "127.0.0.1"]
    with backend(BACKEND_PORT, nginx):
        with backend(HTTP2_BACKEND_PORT, [*nghttpd, str(HTTP2_BACKEND_PORT)]):
            yield


@contextlib.contextmanager
def backend(port, command):
    """One of them, on the load's CPU; one that is on its port already is taken as it is."""
    if accepts(port):
        print(f"using the backend that is on port {port} already", file=sys.stderr)
        yield
        return
    environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    process = start(["taskset", "-c", LOAD_CPU, *command], ROOT, environment)
    try:
        await_port(port, process)
        yield
    finally:
        stop(process)
