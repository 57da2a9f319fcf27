"""h2spec (github.com/summerwind/h2spec): its cases for servers and for clients, as one program.

Needs Go and, the first time, the Go module proxy; without them the tests are skipped, and say so.
"""

import os
import re
import shutil
import subprocess
import unittest

from support import LIMIT_S, ROOT, SANITIZER

TOOLS = os.path.join(ROOT, "build/tools")
PROGRAM = os.path.join(TOOLS, "h2spec-cases")
VERSION = "v2.2.1+incompatible"
# What h2spec 2.2.1 has no go.mod to ask for; Go 1.19 (Debian 12) can build these.
GO_MOD = f"""module tools

go 1.18

require (
	github.com/fatih/color v1.13.0
	github.com/summerwind/h2spec {VERSION}
	golang.org/x/net v0.7.0
)
"""
# As its own two programs, which take no certificate for a client. With -from-port it is the server,
# and runs -exec with an address for each case.
MAIN = """package main

import (
	"flag"
	"os"

	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

func main() {
	c := config.Config{Path: "/", MaxHeaderLen: 4000, Insecure: true, Strict: true}
	flag.StringVar(&c.Host, "host", "127.0.0.1", "")
	flag.IntVar(&c.Port, "port", 0, "")
	flag.IntVar(&c.FromPort, "from-port", 0, "")
	flag.StringVar(&c.Exec, "exec", "", "")
	flag.BoolVar(&c.TLS, "tls", false, "")
	flag.StringVar(&c.CertFile, "cert", "", "")
	flag.StringVar(&c.CertKeyFile, "key", "", "")
	flag.DurationVar(&c.Timeout, "timeout", 0, "")
	flag.Parse()
	c.Sections = flag.Args()
	var err error
	if c.FromPort != 0 {
		err = h2spec.RunClientSpec(&c)
	} else {
		_, err = h2spec.Run(&c)
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
"""
WAITS = "30s" if SANITIZER else "2s"  # For an answer, before a case has failed.


def go():
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def build():
    """Builds it into build/tools, once."""
    if os.path.exists(PROGRAM):
        return
    if go() is None:
        raise unittest.SkipTest("h2spec needs Go, which is not installed")
    source = os.path.join(TOOLS, "h2spec-source")
    os.makedirs(source, exist_ok=True)
    for name, text in (("go.mod", GO_MOD), ("main.go", MAIN)):
        with open(os.path.join(source, name), "w", encoding="ascii") as file:
            file.write(text)
    made = subprocess.run(
        [go(), "build", "-mod=mod", "-o", PROGRAM, "."],
        cwd=source,
        env={**os.environ, "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if made.returncode != 0:
        raise unittest.SkipTest(f"h2spec cannot be built: {made.stderr[-500:]}")


def run(*options):
    """What it says."""
    return subprocess.run(
        [PROGRAM, "-timeout", WAITS, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30 * LIMIT_S,
    ).stdout


def counts(report):
    """Numbers of cases: all, passed, skipped."""
    total = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped", report)
    if total is None:
        raise AssertionError(f"h2spec did not come to its end:\n{report}")
    return tuple(int(number) for number in total.groups())


def failures(report):
    """Section/number of each case in the list of failures, with its title."""
    section, found = "", {}
    for line in report.partition("Failures:")[2].splitlines():
        if match := re.match(r"\s*(\d+(?:\.\d+)*)\. ", line):
            section = match.group(1)
        elif match := re.match(r"\s*× (\d+): (.*)", line):
            found[f"{section}/{match.group(1)}"] = match.group(2)
    return found
