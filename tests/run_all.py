#!/usr/bin/env python3
"""Runs every test program and sums what they say.

usage: run_all.py --bin DIR [--only-programs] [FILTER]

The programs are DIR/*-unit-tests (GoogleTest) and, unless --only-programs, each *_test.py
(unittest) under tests/tidy, tests/integration and tests/conformance, one process each. With
FILTER: the programs whose path contains it, whole; if there is none, every test whose name
contains it.
One that crashes, hangs (SKIFF_TEST_TIMEOUT seconds) or leaves no result counts as one failure.

The last line is `N passed, N failed`, with `, N skipped` where some were. Exit status: 1 if any
failed or if none ran.
"""

import argparse
import collections
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON_FOLDERS = ("tests/tidy", "tests/integration", "tests/conformance")
UNIT_TESTS, MORE_UNIT_TESTS = "skiff-unit-tests", ("simulation-tests", "shop-unit-tests")
TIMEOUT_S = int(os.environ.get("SKIFF_TEST_TIMEOUT", "300"))


def programs(folder, only_programs):
    """Paths of all test programs, in the order in which they run: what is quick comes first."""
    more = [os.path.join(folder, name) for name in MORE_UNIT_TESTS]
    unit = [os.path.join(folder, UNIT_TESTS)] + [path for path in more if os.path.exists(path)]
    if only_programs:
        return unit
    tidy, *others = [sorted(glob.glob(f"{ROOT}/{f}/*_test.py")) for f in PYTHON_FOLDERS]
    return tidy + unit + [path for some in others for path in some]


def command(path, report, text):
    """The command line that runs the tests of `path` that contain `text`, result in `report`."""
    if path.endswith(".py"):
        runner = os.path.join(ROOT, "tests/run_python.py")
        return [sys.executable, runner, path, "--report", report, "--filter", text]
    which = [f"--gtest_filter=*{text}*"] if text else []
    return [path, f"--gtest_output=json:{report}", "--gtest_brief=1", *which]


def read_report(path):
    """Counts from either kind of report; None where the program left none."""
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
    except (OSError, ValueError):
        return None
    return gtest_counts(report) if "testsuites" in report else report


def gtest_counts(report):
    tests = [t for suite in report["testsuites"] for t in suite.get("testsuite", [])]
    ran = [t for t in tests if t.get("status") == "RUN"]
    failed = sum(bool(t.get("failures")) for t in ran)
    skipped = sum(t.get("result") == "SKIPPED" for t in ran)
    return {"passed": len(ran) - failed - skipped, "failed": failed, "skipped": skipped}


def execute(cmd):
    """The exit status of `cmd`, or None after the timeout. It and all it started are gone after."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.Popen(cmd, cwd=ROOT, env=env, start_new_session=True)
    except OSError as error:
        print(f"{cmd[0]}: {error.strerror}")
        return 127
    try:
        return process.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def judge(status, counts):
    """Counts and complaint, given what the program left: silence never counts as success."""
    if status is None:
        return {"failed": 1}, f"no end after {TIMEOUT_S} s"
    if counts is None:
        return {"failed": 1}, f"ended with status {status} and no result"
    if status != 0 and not counts["failed"]:
        return {**counts, "failed": 1}, f"ended with status {status} though no test failed"
    return counts, ""


def run(path, text):
    """Runs one program; prints what it was and how long it took; returns its counts."""
    shown = os.path.relpath(path, ROOT)
    print(f"== {shown}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        status = execute(command(path, report, text))
        counts, complaint = judge(status, read_report(report))
    took = time.monotonic() - begin
    print(
        f"-- {shown}: {line(counts)} in {took:.1f} s{' -- ' + complaint if complaint else ''}",
        flush=True,
    )
    return counts


def line(counts):
    skipped = counts.get("skipped", 0)
    rest = f", {skipped} skipped" if skipped else ""
    return f"{counts.get('passed', 0)} passed, {counts.get('failed', 0)} failed{rest}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="the folder of the programs")
    parser.add_argument("--only-programs", action="store_true", help="leave the Python tests out")
    parser.add_argument("filter", nargs="?", default="")
    args = parser.parse_args()
    folder = os.path.abspath(args.bin)
    os.environ["SKIFF_BIN"] = folder
    every = programs(folder, args.only_programs)
    named = [path for path in every if args.filter in os.path.relpath(path, ROOT)]
    text = "" if named else args.filter
    total, failed = collections.Counter(), []
    for path in named or every:
        counts = run(path, text)
        total.update(counts)
        if counts.get("failed"):
            failed.append(os.path.relpath(path, ROOT))
    if failed:
        print("failed in:", *failed)
    if not sum(total.values()):
        print("no test ran")
    print(line(total))
    return 0 if total["passed"] and not total["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
