"""What does not depend on a quiet machine: system calls, malloc calls, instructions."""

import contextlib
import glob
import json
import os
import re
import signal
import struct
import subprocess
import tempfile
import time

import chains
import load
import system
from rows import Bar, Row

HERE = os.path.dirname(os.path.abspath(__file__))
INSTRUCTIONS = f"{HERE}/instructions.json"
GATE = 1.02
OWN_ALLOCATOR = {"nghttpx-S", "envoy-S"}  # Their calls cannot be counted from outside.
MAY_WAIT = {
    "read",
    "readv",
    "recvfrom",
    "recvmsg",
    "write",
    "writev",
    "sendto",
    "sendmsg",
    "accept4",
}


# ---- system calls


def syscalls(options):
    """Per request, by strace -c attached to the running proxy."""
    rows = []
    for connections, most in ((32, 4.3), (1, 6.1)):
        calls, again, failed = {}, {}, {}
        for chain in proxies(options):
            done, total, refused = traced(chain, connections, options.seconds)
            calls[chain.name] = total / max(1, done.requests)
            again[chain.name] = 100 * refused / max(1, total)
            failed[chain.name] = done.failed
            options.say(f"{chain.name}, {connections}: {calls[chain.name]:.2f} system calls")
        what = f"system calls per request, {connections} connection{'s' if connections > 1 else ''}"
        rows.append(Row(what, "", calls, [Bar(limit=most)], failed))
        rows.append(Row(f"of these EAGAIN, {connections}", "%", again, [Bar(limit=5)], failed))
    return rows


def proxies(options):
    return [chain for chain in options.chains if chain.cmds]


def traced(chain, connections, seconds):
    """The load that was answered, the system calls meanwhile, and how many would have waited.

    strace takes the threads of what it is attached to along, but not the children that are there.
    """
    with chains.running(chain) as pids, tempfile.NamedTemporaryFile("r") as out:
        load.for_time(chain, connections, "/1k", 1)
        who = [word for pid in system.family(pids) for word in ("-p", str(pid))]
        tracer = subprocess.Popen(
            ["strace", "-c", "-f", "-o", out.name, *who], stderr=subprocess.DEVNULL
        )
        time.sleep(0.5)
        done = load.for_time(chain, connections, "/1k", seconds)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        total, refused = read_strace(out.read())
    return done, total, refused


def read_strace(text):
    total = refused = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) < 5 or not re.fullmatch(r"[\d.]+", words[0]) or words[-1] == "total":
            continue
        total += int(words[3])
        if words[-1] in MAY_WAIT and len(words) == 6:
            refused += int(words[4])
    return total, refused


# ---- malloc


def malloc(options):
    """Per request in the steady state: two loads of different length, the difference of both."""
    values, failed = {}, {}
    for chain in (c for c in proxies(options) if c.name not in OWN_ALLOCATOR):
        short, long_ = (counted(chain, requests) for requests in (20_000, 60_000))
        values[chain.name] = max(0.0, (long_[0] - short[0]) / 40_000)
        failed[chain.name] = short[1].failed + long_[1].failed
        options.say(f"{chain.name}: {values[chain.name]:.4f} malloc calls")
    what = "malloc calls per request in the steady state"
    return [Row(what, "", values, [Bar(limit=0.0005)], failed, "0.0005 is one in 2,000: timers")]


def counted(chain, requests):
    """Calls of malloc and its kin during a load of `requests`, after a warm-up."""
    with tempfile.NamedTemporaryFile() as file:
        preload = {"LD_PRELOAD": f"{chains.CACHE}/malloc_count.so", "MALLOC_COUNT_FILE": file.name}
        with chains.running(chain, env=preload):
            load.exactly(chain, 32, "/1k", 5_000)
            before = read_count(file.name)
            done = load.exactly(chain, 32, "/1k", requests)
            return read_count(file.name) - before, done


def read_count(path):
    with open(path, "rb") as file:
        bytes_ = file.read(8)
    return struct.unpack("<Q", bytes_)[0] if len(bytes_) == 8 else 0


# ---- instructions


def instructions(options):
    """Of ours in user space per request, by callgrind, on one connection; gated at +2 %."""
    values, failed = {}, {}
    for chain in (c for c in proxies(options) if c.name == options.ours):
        few, many = (instructed(chain, requests) for requests in (500, 2_500))
        values[chain.name] = (many[0] - few[0]) / 2_000
        failed[chain.name] = few[1].failed + many[1].failed
        if values[chain.name] <= 0:  # The starts differed by more: nothing is known.
            failed[chain.name] += 1
        options.say(f"{chain.name}: {values[chain.name]:.0f} instructions")
    recorded = read_recorded().get(options.ours)
    if options.record and options.ours in values:
        write_recorded({options.ours: round(values[options.ours])})
    bars = [Bar(limit=round(recorded * GATE))] if recorded else []
    note = f"recorded: {recorded}, gate +2 %" if recorded else "nothing recorded: use --record"
    return [Row("instructions per request, user space", "", values, bars, failed, note)]


def instructed(chain, requests):
    """Instructions of the chain's whole life with `requests`, and the load."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out.%p", "-q"]
        with chains.running(chain, prefix=valgrind):
            done = load.exactly(chain, 1, "/1k", requests)
        total = 0
        for path in glob.glob(f"{folder}/out.*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                total += int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))
    return total, done


def read_recorded():
    with contextlib.suppress(OSError):
        with open(INSTRUCTIONS, encoding="utf-8") as file:
            return json.load(file)
    return {}


def write_recorded(values):
    with open(INSTRUCTIONS, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
