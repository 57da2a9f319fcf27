"""Every request of tests/conformance/http1, sent to a real sidecar before a recording backend.

Each goes in one write, byte by byte, and behind a good request in the same write. A table of the
results is printed.
"""

import collections
import os
import re
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

# pylint: disable=wrong-import-position
from support import ROOT, Backend, Client, SidecarTest, service, until

BEGINNINGS = {
    "post": b"POST / HTTP/1.1\r\nHost: a\r\n",
    "get": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
}
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t"}
GOOD = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
GOOD_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
LONG = 3000  # Bytes; a longer message goes in pieces of a sixtieth of it, not byte by byte.
WAIT_S = 3
GAUGES = ("skiff_client_connections", "skiff_requests_in_flight", "skiff_backend_connections")
ALL_WAYS = ("one write", "bytes", "pipelined")
# Where a sidecar does not do yet what its parser alone does; printed, and no failure.
KNOWN = {}


def expanded(text):
    """What a value of a case file stands for; README.md there says how. `text` is bytes."""
    plain, at = b"", 0
    while at < len(text):
        c = text[at : at + 1]
        at += 1
        if c == b"\\":
            letter = chr(text[at])
            at += 1
            if letter == "x":
                plain += bytes([int(text[at : at + 2], 16)])
                at += 2
            else:
                plain += ESCAPES.get(letter, letter.encode("latin-1"))
        elif c == b"{":
            close = text.index(b"}", at)
            plain += in_braces(text[at:close])
            at = close + 1
        else:
            plain += c
    return plain


def in_braces(text):
    name = text.decode("latin-1")
    if name in BEGINNINGS:
        return BEGINNINGS[name]
    times, _, once = text.partition(b"*")
    return expanded(once) * int(times)


def cases(file):
    """The cases of a file, as dictionaries; `bytes` is the message."""
    found = []
    with open(os.path.join(HERE, "http1", file), "rb") as f:
        for line in f.read().split(b"\n"):
            if not line or line.startswith(b"#"):
                continue
            key, _, value = line.partition(b":")
            key, value = key.decode(), value[1:]
            if key == "id":
                found.append({"bytes": b""})
            if key == "bytes":
                found[-1]["bytes"] += expanded(value)
            else:
                found[-1][key] = value.decode("latin-1")
    return found


def statuses():
    """Status by reason, as sidecar/http/error.cpp has them."""
    with open(os.path.join(ROOT, "sidecar/http/error.cpp"), encoding="utf-8") as f:
        return {name: int(code) for name, code in re.findall(r'\{"(\w+)", (\d+),', f.read())}


def in_pieces(data):
    step = 1 if len(data) <= LONG else len(data) // 60
    return [data[at : at + step] for at in range(0, len(data), step)]


def send_pieces(client, data):
    """Each piece in a segment of its own, as TCP_NODELAY is set."""
    try:
        for piece in in_pieces(data):
            client.send(piece)
            time.sleep(0.0001)
    except OSError:
        pass  # Refused before its end; what was said of it is still to be read.


class Recorder:
    """A backend that keeps all that arrives, and answers every request head that is whole."""

    def __init__(self):
        self.lock = threading.Lock()
        self.arrived = b""
        self.backend = Backend(self.handle)

    def handle(self, client):
        pending = b""
        while got := client.socket.recv(65536):
            with self.lock:
                self.arrived += got
            pending += got
            if self.is_whole(pending):  # One request: nothing is pipelined to a backend.
                client.send(GOOD_ANSWER)
                pending = b""

    @staticmethod
    def is_whole(text):
        """Whether the last request of what came on a connection has its end."""
        start = 0
        while start < len(text):
            end = text.find(b"\r\n\r\n", start)
            if end < 0:
                return False
            head = text[start:end].lower()
            end += 4
            if re.search(rb"\r\ntransfer-encoding: *chunked", head):
                last = re.compile(rb"\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n").search(
                    text, end - 2
                )
                if last is None:
                    return False
                start = last.end()
            else:
                size = re.search(rb"\r\ncontent-length: *(\d+)", head)
                start = end + (int(size.group(1)) if size else 0)
        return start == len(text)

    def take(self):
        """All that arrived since the last time."""
        with self.lock:
            found, self.arrived = self.arrived, b""
        return found


def read_all(client):
    """Everything until the other side closes; a reset ends it too."""
    data = client.pending
    try:
        while got := client.socket.recv(65536):
            data += got
    except ConnectionResetError:
        pass
    return data


def status_of(text):
    """Of the first answer in the text, 0 where there is none."""
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", text)
    return int(found.group(1)) if found else 0


def body_of(text):
    """The body of the first message in the text that is not the good one."""
    while text:
        head, _, text = text.partition(b"\r\n\r\n")
        if b" /good " in head:
            continue
        if not re.search(rb"\r\ntransfer-encoding: *chunked", head.lower()):
            return text
        body = b""
        while size := int(text.partition(b"\r\n")[0], 16):
            _, _, text = text.partition(b"\r\n")
            body, text = body + text[:size], text[size + 2 :]
        return body
    return b""


class Wire(SidecarTest):
    def setUp(self):
        self.table = collections.Counter()
        self.faults = []

    def note(self, case, way, fault):
        """Counts a result in the table; `fault` is empty where it is as it should be."""
        known = way in KNOWN.get(case["id"], ())
        self.table[(case["expect"], way, "wrong" if fault else "right")] += 1
        if fault and known:
            print(f"known: {case['id']} {way}: {fault}", flush=True)
        elif fault:
            self.faults.append(f"{case['id']} {way}: {fault}")

    def report(self, title):
        print(f"\n{title}\n{'expected':34} {'sent':12} {'right':>6} {'wrong':>6}")
        for expect, way in sorted({key[:2] for key in self.table}):
            right, wrong = (self.table[(expect, way, word)] for word in ("right", "wrong"))
            print(f"{expect:34} {way:12} {right:6} {wrong:6}", flush=True)
        self.assertEqual(self.faults, [])

    def gauges_return_to_zero(self, sidecar):
        for name in GAUGES:
            until(lambda n=name: sidecar.metric(n) == 0, f"{name} is 0 again")


class Requests(Wire):
    def setUp(self):
        super().setUp()
        self.codes = statuses()
        self.recorder = Recorder()
        self.addCleanup(self.recorder.backend.stop)
        self.running = self.outbound(lambda client: None)
        self.running.write_policies(service("backend", self.recorder.backend.port))
        until(lambda: self.running.metric("skiff_config_generation") == 2, "the recorder is used")

    def test_every_request_becomes_what_the_file_says(self):
        for case in cases("requests.txt"):
            for way in ALL_WAYS:
                fault = self.tried(case, way)
                if fault:  # Bytes of the case before may have come late; a real fault stays.
                    time.sleep(0.3)
                    fault = self.tried(case, way)
                self.note(case, way, fault)
        good = self.client().send(GOOD)
        self.assertEqual(good.answer()[::2], (200, b"good"))
        good.close()
        self.gauges_return_to_zero(self.running)
        self.report("requests")

    def tried(self, case, way):
        try:
            return self.fault_of(case, way)
        except (AssertionError, EOFError, OSError) as error:
            return repr(error)

    def fault_of(self, case, way):
        self.recorder.take()
        client = Client(self.port, timeout=WAIT_S)
        try:
            if way == "pipelined":
                client.send(GOOD + case["bytes"])
                status, _, body = client.answer()
                if (status, body) != (200, b"good"):
                    return f"the good request before it got {status}"
            elif way == "bytes":
                send_pieces(client, case["bytes"])
            else:
                client.send(case["bytes"])
            return self.judge(case, client)
        finally:
            client.close()

    def judge(self, case, client):
        if case["expect"] in self.codes:
            return self.judge_refused(case, client)
        client.end()  # What is whole is answered; what is not has no end to wait for.
        text = read_all(client)
        if case["expect"] == "whole" and status_of(text) != 200:
            return f"accepted, but answered with {text[:60]!r}"
        if case["expect"] == "whole":
            return self.judge_arrived(case)
        if case["expect"] == "more" and status_of(text) == 200:
            return "unfinished, but answered with 200"
        return ""

    def judge_arrived(self, case):
        """Head lines, body and trailers as the file says, between what the sidecar adds."""
        arrived = self.recorder.take()
        if "body" in case and body_of(arrived) != expanded(case["body"].encode("latin-1")):
            return f"another body arrived: {arrived[-120:]!r}"
        if expanded(case.get("trailers", "").encode("latin-1")) not in arrived:
            return f"its trailers did not arrive: {arrived[-120:]!r}"
        for line in expanded(case.get("head", "").encode("latin-1")).split(b"\r\n"):
            if line not in arrived:
                return f"{line!r} did not arrive: {arrived[:160]!r}"
        return ""

    def judge_refused(self, case, client):
        text = read_all(client)  # Ends only when the sidecar closes.
        wanted = self.codes[case["expect"]]
        if status_of(text) != wanted:
            return f"{wanted} expected, got {text[:60]!r}"
        if f"x-skiff-reason: {case['expect']}\r\n".encode() not in text:
            return f"another reason: {text[:160]!r}"
        left = self.recorder.take().split(b"/good", 1)
        rest = left[1].split(b"\r\n\r\n", 1)[1] if len(left) == 2 else left[0]
        # A head that was good has gone on when its body proves bad; it must never look whole.
        if rest and case["expect"] not in self.FROM_THE_BODY:
            return f"the backend was sent {rest[:80]!r}"
        if rest and Recorder.is_whole(rest):
            return f"the backend was sent a whole message: {rest[:160]!r}"
        return ""

    FROM_THE_BODY = ("bad_request_chunk",)


if __name__ == "__main__":
    unittest.main()
