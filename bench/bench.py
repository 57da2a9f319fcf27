#!/usr/bin/env python3
"""Measures the sidecar beside its peers, in one run on this machine, and holds it to its bars.

usage: bench.py [--only PART,…] [--rounds N] [-d SECONDS] [--peers NAME,…] [--chains FILE]

The whole of it writes bench/results.md; a selection only prints. Exit status: 1 if a bar is missed.
What each part measures, and how: bench/README.md.
"""

import argparse
import dataclasses
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chains
import cost
import counters
import memory
import report
import scale
import setup

PARTS = {
    "cpu32": cost.cpu32,
    "cpu1": cost.cpu1,
    "syscalls": counters.syscalls,
    "malloc": counters.malloc,
    "instructions": counters.instructions,
    "body100k": cost.body100k,
    "body10m": cost.body10m,
    "p99": cost.p99,
    "idle": memory.idle,
    "connections": memory.connections,
    "scale": scale.scale,
}
HERE = os.path.dirname(os.path.abspath(__file__))
STANDARD = "floor,haproxy-S,nginx-S,nghttpx-S,envoy-S"


@dataclasses.dataclass(frozen=True)
class Options:
    """What every part is given."""

    chains: list  # All that are compared, ours last.
    extra: list  # Those of them that came by --chains.
    direct: chains.Chain
    ours: str
    rounds: int
    seconds: int
    record: bool

    @staticmethod
    def say(line):
        print(f"  {line}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="of " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-d", dest="seconds", type=int, default=4, help="seconds of one load")
    parser.add_argument("--peers", default=STANDARD, help=f"of {STANDARD}")
    parser.add_argument("--chains", action="append", default=[], help="a file of more chains")
    parser.add_argument("--ours", default="skiff-S", help="the chain that the bars are for")
    parser.add_argument("--record", action="store_true", help="record instructions as the gate")
    return parser.parse_args()


def options_of(args):
    """The chains that are there, ours last; what is not there is named and left out."""
    extra = chains.read(args.chains)
    known = {**chains.read([f"{HERE}/peers/chains.json", f"{HERE}/chains.json"]), **extra}
    wanted = [*filter(None, args.peers.split(",")), *extra, args.ours]
    present = {name: known[name] for name in dict.fromkeys(wanted) if known[name].exists()}
    for name in set(wanted) - set(present):
        print(f"{name} is left out: its program is not there", file=sys.stderr)
    return Options(
        chains=list(present.values()),
        extra=[extra[name] for name in extra if name != args.ours],
        direct=known["direct"],
        ours=args.ours,
        rounds=args.rounds,
        seconds=args.seconds,
        record=args.record,
    )


def measure(parts, options):
    rows = []
    for name in parts:
        print(f"{name}:", file=sys.stderr, flush=True)
        rows += PARTS[name](options)
    return rows


def main():
    args = arguments()
    parts = args.only.split(",") if args.only else list(PARTS)
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    setup.prepare()
    options = options_of(args)
    with chains.backend():
        rows = measure(parts, options)
    print(report.table(rows, args.ours))
    if not args.only:
        how = f"{args.rounds} rounds of {args.seconds} s, interleaved, medians; "
        how += "the proxy on CPU 0, load and backend on CPU 1"
        report.write(rows, args.ours, how)
    if not any(args.ours in row.values for row in rows):
        sys.exit(f"{args.ours} was not measured")
    missed = report.missed(rows, args.ours)
    print("\n".join(["missed:", *missed]) if missed else "no bar is missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
