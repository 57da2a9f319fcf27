"""h2spec (github.com/summerwind/h2spec) against a sidecar's listener.

Needs Go and, the first time, the Go module proxy; without them it is skipped, and says so.
"""

import os
import re
import shutil
import subprocess
import unittest

from support import LIMIT_S, ROOT, SidecarTest, free_port, saying, service

TOOLS = os.path.join(ROOT, "build/tools")
H2SPEC = os.path.join(TOOLS, "h2spec")
VERSION = "v2.2.1+incompatible"
# What h2spec 2.2.1 has no go.mod to ask for; Go 1.19 (Debian 12) can build these.
GO_MOD = f"""module tools

go 1.18

require (
	github.com/fatih/color v1.13.0
	github.com/spf13/cobra v1.5.0
	github.com/summerwind/h2spec {VERSION}
	golang.org/x/net v0.7.0
)
"""
# Cases of RFC 7540 that RFC 9113 does not ask for any more, by section and number.
WAIVED = {
    "5.1/8": "DATA on a closed stream: 9113, 5.1 says MAY; nghttp2 drops it",
    "5.1/11": "the same",
    "5.3.1/2": "PRIORITY is deprecated, and ignored but for its size and stream 0 (9113, 5.3.2)",
}
LEAST = 140  # Cases; fewer would mean that it was not run as a whole.


def go():
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def build():
    """Builds h2spec into build/tools, once."""
    if os.path.exists(H2SPEC):
        return
    if go() is None:
        raise unittest.SkipTest("h2spec needs Go, which is not installed")
    source = os.path.join(TOOLS, "h2spec-source")
    os.makedirs(source, exist_ok=True)
    with open(os.path.join(source, "go.mod"), "w", encoding="ascii") as file:
        file.write(GO_MOD)
    made = subprocess.run(
        [go(), "build", "-mod=mod", "-o", H2SPEC, "github.com/summerwind/h2spec/cmd/h2spec"],
        cwd=source,
        env={**os.environ, "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if made.returncode != 0:
        raise unittest.SkipTest(f"h2spec cannot be built: {made.stderr[-500:]}")


def failures(report):
    """Section/number of each case in the list of failures, with its title."""
    section, found = "", {}
    for line in report.partition("Failures:")[2].splitlines():
        if match := re.match(r"\s*(\d+(?:\.\d+)*)\. ", line):
            section = match.group(1)
        elif match := re.match(r"\s*× (\d+): (.*)", line):
            found[f"{section}/{match.group(1)}"] = match.group(2)
    return found


class H2Spec(SidecarTest):
    @classmethod
    def setUpClass(cls):
        build()

    def test_generic_http2_and_hpack(self):
        backend = self.backend(saying("hello"))
        port = free_port()
        sidecar = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: HTTP2}}]",
            service("backend", backend.port),
        )
        report = subprocess.run(
            [H2SPEC, "-h", "127.0.0.1", "-p", str(port), "-o", "2", "generic", "http2", "hpack"],
            capture_output=True,
            text=True,
            timeout=30 * LIMIT_S,
        ).stdout
        total = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped", report)
        self.assertIsNotNone(total, report)
        self.assertGreaterEqual(int(total.group(1)), LEAST, report)
        self.assertEqual(total.group(3), "0", report)
        unexpected = {k: v for k, v in failures(report).items() if k not in WAIVED}
        self.assertEqual(unexpected, {}, report)
        self.assertIsNone(sidecar.process.poll())


if __name__ == "__main__":
    unittest.main()
