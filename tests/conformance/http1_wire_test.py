"""Every message of tests/conformance/http1, sent through a real sidecar.

Requests come from a client, in one write, byte by byte, and behind a good request in the same
write, before a recording backend. Answers come from a backend, in one write and byte by byte. A
table of the results is printed.
"""

import collections
import os
import queue
import re
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

# pylint: disable=wrong-import-position
from support import ROOT, Backend, Client, SidecarTest, read_request, service, until

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
# What the parser takes and a stage takes away: only a sidecar may say it.
TAKEN_AWAY = (b"X-Forwarded-Client-Cert: ", b"X-Skiff-Attempt: ", b"X-Skiff-Deadline-Ms: ")
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
        if case["expect"] == "whole" and case["bytes"].startswith(b"CONNECT "):
            case = {**case, "expect": "bad_request_connect"}  # Of a listener for one service.
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
            if line not in arrived and not line.startswith(TAKEN_AWAY):
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


# Answers to CONNECT never pass a sidecar: it is a sidecar that answers one.
NOT_SENT = ("CONNECT",)
CUT = "cut off"
# What a sidecar says of the body's framing and of the connection, whatever the backend said.
OUR_LINES = {b"transfer-encoding: chunked", b"connection: keep-alive", b"connection: close"}


class Answerer:
    """A backend that answers `/good` well, and all else with the bytes of a case."""

    def __init__(self):
        self.case = None
        self.way = ""
        self.sent = threading.Event()  # Every byte of the answer.
        self.ended = queue.SimpleQueue()  # Of answers that are no good: was it told to go?
        self.backend = Backend(self.handle)

    def handle(self, client):
        while True:
            first, *_ = read_request(client)
            if "/good" in first:
                client.send(GOOD_ANSWER)
            elif not self.answer(client):
                return

    def answer(self, client):
        """Whether another request may come on this connection."""
        case, whole = self.case, self.case["expect"] == "whole"
        if self.way == "bytes":
            send_pieces(client, case["bytes"])
        else:
            client.send(case["bytes"])
        if whole and is_interim(case):
            client.send(GOOD_ANSWER)
        if case["expect"] == "more" or ends_with_its_connection(case):
            client.end()
        self.sent.set()
        if not whole:
            self.ended.put(client.is_closed(WAIT_S))
        return whole and not ends_with_its_connection(case)


def status_asked(case):
    return status_of(case["bytes"].replace(b"HTTP/1.0", b"HTTP/1.1"))


def is_interim(case):
    return 100 <= status_asked(case) < 200 and status_asked(case) != 101


def ends_with_its_connection(case):
    return status_asked(case) == 101 or case.get("meaning", "").startswith(("close", "tunnel"))


def request_for(case):
    asked = case.get("asked", "GET")
    if asked.startswith("upgrade "):
        protocol = asked.partition(" ")[2]
        return f"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    if status_asked(case) == 100:  # It is for those who expect it.
        return "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok"
    return f"{asked} / HTTP/1.1\r\nHost: a\r\n\r\n"


def read_body(client, head, case):
    """What follows a head: body, trailers, and CUT where its end is missing."""
    status, lower, body = status_of(head), head.lower(), b""
    if case.get("asked") == "HEAD" or status in (204, 304):
        return body, b"", ""
    try:
        if status == 101:
            return client.read_to_end(), b"", ""
        if b"\r\ntransfer-encoding: chunked\r\n" in lower:
            while size := int(client.read_until(b"\r\n"), 16):
                body += client.read_exactly(size)
                client.read_exactly(2)
            trailers = b""
            while not trailers.endswith(b"\r\n\r\n") and trailers != b"\r\n":
                trailers += client.read_until(b"\r\n")
            return body, trailers, ""
        size = int(re.search(rb"\r\ncontent-length: (\d+)", lower).group(1))
        while len(body) < size:
            body += client.read_exactly(1)
        return body, b"", ""
    except (EOFError, ConnectionResetError):
        return body, b"", CUT


class Answers(Wire):
    def setUp(self):
        super().setUp()
        self.answerer = Answerer()
        self.addCleanup(self.answerer.backend.stop)
        self.addCleanup(lambda: self.assertEqual(self.answerer.backend.errors, []))
        self.running = self.outbound(lambda client: None)
        self.running.write_policies(service("backend", self.answerer.backend.port))
        until(lambda: self.running.metric("skiff_config_generation") == 2, "the answerer is used")

    def test_every_answer_becomes_what_the_file_says(self):
        for case in cases("responses.txt"):
            if case.get("asked") in NOT_SENT:
                print(f"not sent: {case['id']}, an answer to {case['asked']}")
                continue
            for way in ("one write", "bytes"):
                self.note(case, way, self.tried(case, way))
        self.gauges_return_to_zero(self.running)
        self.report("answers")

    def tried(self, case, way):
        self.answerer.case, self.answerer.way = case, way
        self.answerer.sent.clear()
        client = Client(self.port, timeout=WAIT_S)
        try:
            head = client.send(request_for(case)).read_until(b"\r\n\r\n")
            fault, goes_on = self.judge(case, client, head)
            if fault:
                return fault
            self.answerer.sent.wait(WAIT_S)  # A stray byte would cross the next request.
            if not goes_on:
                client.close()
                client = Client(self.port, timeout=WAIT_S)
            status, _, body = client.send(GOOD).answer()
            return "" if (status, body) == (200, b"good") else f"the next request got {status}"
        except (AssertionError, EOFError, OSError, queue.Empty) as error:
            return repr(error)
        finally:
            client.close()

    def judge(self, case, client, head):
        """What is wrong, and whether the client's connection must go on."""
        if case["expect"] == "whole":
            return self.judge_whole(case, client, head), not status_of(head) == 101
        if not self.answerer.ended.get(timeout=2 * WAIT_S):
            return "the backend's connection was kept", False
        begun = case["expect"] == "bad_request_chunk" or b"\r\n\r\n" in case["bytes"]
        if begun and case["expect"] != "bad_response":
            return self.judge_cut(case, client, head), False
        reason = "upstream_reset" if case["expect"] == "more" else case["expect"]
        if status_of(head) != 502 or f"x-skiff-reason: {reason}\r\n".encode() not in head:
            return f"502 for {reason} expected, got {head[:160]!r}", False
        _, _, end = read_body(client, head, case)
        return "our own answer is cut off" if end else "", True

    @staticmethod
    def judge_whole(case, client, head):
        body, trailers, end = read_body(client, head, case) if not is_interim(case) else [b""] * 3
        if end:
            return f"cut off after {body!r}"
        if is_interim(case):
            status, _, good = client.answer()
            if (status, good) != (200, b"good"):
                return f"after the interim answer came {status}"
        wanted = {
            key: expanded(case.get(key, "").encode("latin-1"))
            for key in ("head", "body", "trailers")
        }
        if "body" in case and body != wanted["body"]:
            return f"another body arrived: {body!r}"
        if trailers.removesuffix(b"\r\n") != wanted["trailers"].removesuffix(b"\r\n"):
            return f"other trailers arrived: {trailers!r}"
        if "head" in case and plain_lines(head) != plain_lines(wanted["head"]):
            return f"another head arrived: {head[:200]!r}"
        return ""

    @staticmethod
    def judge_cut(case, client, head):
        body, _, end = read_body(client, head, case)
        if status_of(head) != 200 or end != CUT:
            return f"should be cut off: {head[:60]!r} {body!r}"
        if body != expanded(case.get("body", "").encode("latin-1")) and "body" in case:
            return f"another body arrived: {body!r}"
        return ""


def plain_lines(head):
    """The lines of a head but for those that are a sidecar's own, sorted."""
    return sorted(line for line in head.split(b"\r\n") if line.lower() not in OUR_LINES)


if __name__ == "__main__":
    unittest.main()
