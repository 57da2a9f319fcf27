"""Prints what sidecars carried, as a table, and checks that it is not less than expected.

usage: demo_report.py NAME=METRICS_URL… [--least NAME/DIRECTION/CLASS=COUNT…]

Ends with 1 where a count stays below its least for 3 seconds (a request is counted once its answer
has left, which may be a moment after it has arrived).
"""

import argparse
import collections
import re
import sys
import time
import urllib.request

CLASSES = ("2xx", "3xx", "4xx", "5xx")
PATIENCE_SECONDS = 3
_SERIES = re.compile(r"^(\w+)\{(.*)\} (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Carried:
    """What one sidecar carried in one direction."""

    def __init__(self):
        self.by_class = collections.Counter()
        self.buckets = collections.Counter()  # Upper bound in seconds to cumulated count.

    def quantile(self, share):
        """The bound, in seconds, below which `share` of the requests stayed; None without any."""
        bounds = sorted(self.buckets)
        if not bounds or self.buckets[bounds[-1]] == 0:
            return None
        wanted = share * self.buckets[bounds[-1]]
        return next(bound for bound in bounds if self.buckets[bound] >= wanted)


def parse(text):
    """Prometheus' text format to {direction: Carried}."""
    carried = collections.defaultdict(Carried)
    for line in text.splitlines():
        series = _SERIES.match(line)
        if not series:
            continue
        name, labels = series.group(1), dict(_LABEL.findall(series.group(2)))
        into = labels.get("direction")
        if name == "skiff_requests_total":
            carried[into].by_class[labels["code"]] += int(float(series.group(3)))
        elif name == "skiff_request_duration_seconds_bucket":
            carried[into].buckets[float(labels["le"])] += int(float(series.group(3)))
    return carried


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def milliseconds(seconds):
    if seconds is None:
        return "-"
    return "off scale" if seconds == float("inf") else f"< {seconds * 1000:.3g} ms"


def rows(sidecars):
    for name, carried in sidecars.items():
        for direction, of in sorted(carried.items()):
            counts = [of.by_class[each] for each in CLASSES]
            if not any(of.by_class.values()):
                continue
            yield [name, direction, sum(of.by_class.values()), *(n or "." for n in counts)] + [
                milliseconds(of.quantile(share)) for share in (0.5, 0.99)
            ]


def table(lines):
    """Text columns to the left, all others to the right."""
    cells = [[str(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join(
        "  "
        + "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in cells
    )


def shortfalls(sidecars, least):
    for wanted in least:
        where, _, count = wanted.partition("=")
        name, direction, code = where.split("/")
        counted = sidecars[name][direction].by_class[code]
        if counted < int(count):
            yield f"{name}, {direction}, {code}: {counted} requests, expected at least {count}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sidecars", nargs="+", metavar="NAME=METRICS_URL")
    parser.add_argument("--least", nargs="*", default=[], metavar="NAME/DIRECTION/CLASS=COUNT")
    options = parser.parse_args()
    urls = dict(each.split("=", 1) for each in options.sidecars)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        sidecars = {name: parse(fetch(url)) for name, url in urls.items()}
        missing = list(shortfalls(sidecars, options.least))
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    head = ["sidecar", "direction", "requests", *CLASSES, "p50", "p99"]
    print(table([head, *rows(sidecars)]))
    for each in missing:
        print(f"demo: {each}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
