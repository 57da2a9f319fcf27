#!/usr/bin/env python3
"""Runs the unittest cases of one Python file.

usage: run_python.py FILE [--report JSON] [--filter TEXT]

Prints each test as it ends and writes {"passed", "failed", "skipped"} as JSON. A file without
tests is a failure: nobody would notice that its tests are gone. Exit status: 1 if any failed.
"""

import argparse
import importlib.util
import json
import os
import sys
import unittest


def load(path, text):
    """The tests of the file at `path` whose names contain `text`."""
    folder = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    tests = flatten(unittest.defaultTestLoader.loadTestsFromModule(module))
    return unittest.TestSuite(test for test in tests if text in test.id())


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def counts(result):
    """One test counts once, however many of its subtests failed."""
    bad = {test_of(test) for test, _ in result.failures + result.errors}
    bad |= set(result.unexpectedSuccesses)
    skipped = {test_of(test) for test, _ in result.skipped} - bad
    # What fails or is skipped in setUpClass stands for its tests, which did not run.
    ran = result.testsRun + sum(not isinstance(t, unittest.TestCase) for t in bad | skipped)
    return {"passed": ran - len(bad) - len(skipped), "failed": len(bad), "skipped": len(skipped)}


def test_of(test):
    return getattr(test, "test_case", test)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--report", help="write the counts here")
    parser.add_argument("--filter", default="", help="only tests whose id contains this")
    args = parser.parse_args()
    suite = load(args.file, args.filter)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    total = counts(result)
    if not sum(total.values()) and not args.filter:
        print(f"{args.file}: no tests in it")
        total["failed"] = 1
    if args.report:
        with open(args.report, "w", encoding="utf-8") as file:
            json.dump(total, file)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
