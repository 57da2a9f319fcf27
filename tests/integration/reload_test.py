"""Changes of the policies while traffic flows: when they are live, and what they never disturb."""

import os
import shutil
import signal
import threading
import time
import unittest

from support import Client, Sidecar, SidecarTest, free_port, read_request, saying, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
UPGRADE = "GET /chat HTTP/1.1\r\nHost: backend\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
LIVE_WITHIN_S = 5  # It should be 0.1; this machine may be busy, and the figure is printed.
TYPO = (
    "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
    "  targetRefs: [{kind: Service, name: backend}]\n  timeouts: {requst: 1s}\n"
)


def upper(client):
    """A tunnel that says everything in capitals, behind an upgrade."""
    read_request(client)
    client.send(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    )
    client.send(b"\r\n")
    while got := client.socket.recv(100):
        client.send(got.upper())


class Reload(SidecarTest):
    """One outbound listener, two backends, and policies that name one of them."""

    def setUp(self):
        self.one = self.backend(saying("one"))
        self.two = self.backend(saying("two"))
        self.port = free_port()
        self.spec = f"service: test\noutbound: [{{port: {self.port}, service: backend}}]"

    def to(self, backend):
        return service("backend", backend.port)

    def began(self):
        return self.sidecar(self.spec, self.to(self.one))

    def ask(self, client):
        status, _, body = client.send(GET).answer()
        self.assertEqual(status, 200)
        return body.decode()

    def change(self, sidecar, text):
        """Puts the policies in place and waits until they are in force, without a request."""
        before = sidecar.metric("skiff_config_generation")
        sidecar.write_policies(text)
        until(lambda: sidecar.metric("skiff_config_generation") > before, "the change is live")

    def arrives_at(self, client, name, what):
        """Asks on one connection until that backend answers, and prints how long that took."""
        begin = time.monotonic()
        until(lambda: self.ask(client) == name, what, LIVE_WITHIN_S)
        print(f"{what}: live after {(time.monotonic() - begin) * 1000:.0f} ms", flush=True)


class GoodChanges(Reload):
    def test_a_good_change_is_live_and_closes_no_connection(self):
        sidecar = self.began()
        client = self.client()
        for i in range(6):
            backend, name = ((self.two, "two"), (self.one, "one"))[i % 2]
            sidecar.write_policies(self.to(backend))
            self.arrives_at(client, name, f"change {i + 1}")
        self.assert_metric(sidecar, 1, "skiff_client_connections_accepted_total")
        self.assert_metric(sidecar, 0, "skiff_config_reloads_total", result="refused")
        self.assertGreaterEqual(sidecar.metric("skiff_config_generation"), 7)

    def test_a_tunnel_survives_that_its_backend_is_no_longer_named(self):
        tunnels = self.backend(upper)
        sidecar = self.sidecar(self.spec, self.to(tunnels))
        tunnel = self.client().send(UPGRADE)
        self.assertEqual(tunnel.answer()[0], 101)
        self.change(sidecar, self.to(self.two))
        self.assertEqual(self.ask(self.client()), "two")
        for _ in range(3):
            self.assertEqual(tunnel.send("abc").read_exactly(3), b"ABC")
        self.change(sidecar, service("backend"))
        self.assertEqual(self.client().send(GET).answer()[0], 503)
        self.assertEqual(tunnel.send("xyz").read_exactly(3), b"XYZ")

    def test_a_request_in_flight_ends_where_it_began(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def slow(client):
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nslow")
            go.wait(20)
            client.send(b"done")

        sidecar = self.sidecar(self.spec, self.to(self.backend(slow)))
        client = self.client().send(GET)
        client.read_until(b"slow")
        self.change(sidecar, self.to(self.two))
        self.assertEqual(self.ask(self.client()), "two")
        go.set()
        self.assertEqual(client.read_exactly(4), b"done")
        self.assertEqual(self.ask(client), "two")

    def test_a_second_file_counts_and_its_removal_too(self):
        sidecar = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}}}]", service("other")
        )
        client = self.client()
        self.assertEqual(client.send(GET).answer()[0], 503)
        sidecar.write_policies(self.to(self.one), "more.yaml")
        until(lambda: client.send(GET).answer()[0] == 200, "a new file is live")
        os.remove(os.path.join(sidecar.path("policies"), "more.yaml"))
        until(lambda: client.send(GET).answer()[0] == 503, "a removed file is gone")

    def test_a_file_that_is_written_in_place_is_live(self):
        sidecar = self.began()
        client = self.client()
        path = os.path.join(sidecar.path("policies"), "all.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.to(self.two))
        self.arrives_at(client, "two", "file written in place")

    def test_sighup_reads_again(self):
        sidecar = self.began()
        before = sidecar.metric("skiff_config_reloads_total", result="accepted")
        sidecar.process.send_signal(signal.SIGHUP)
        until(
            lambda: sidecar.metric("skiff_config_reloads_total", result="accepted") == before + 1,
            "SIGHUP reads the policies again",
        )
        self.assertEqual(self.ask(self.client()), "one")


class BadChanges(Reload):
    def refused(self, sidecar):
        return sidecar.metric("skiff_config_reloads_total", result="refused")

    def test_a_bad_change_is_refused_and_its_repair_is_taken(self):
        sidecar = self.began()
        client = self.client()
        sidecar.write_policies(self.to(self.two) + TYPO)
        until(lambda: self.refused(sidecar) >= 1, "the change is refused and counted")
        self.assertEqual(self.ask(client), "one")
        line = (self.to(self.two) + TYPO).splitlines().index("  timeouts: {requst: 1s}") + 1
        page = sidecar.get("/config")[1]
        for where, text in (("log", sidecar.logged()), ("/config", page)):
            self.assertIn(f"all.yaml:{line}:14", text, where)
            self.assertIn('did you mean "request"?', text, where)
        self.assertIn(f"port: {self.one.port}", page)
        self.assertNotIn(f"port: {self.two.port}", page)
        self.assertEqual(sidecar.get("/ready")[0], 200)
        sidecar.write_policies(self.to(self.two) + TYPO.replace("requst", "request"))
        self.arrives_at(client, "two", "repaired change")
        self.assertNotIn("did you mean", sidecar.get("/config")[1])

    def test_one_bad_file_keeps_the_good_change_beside_it_out(self):
        sidecar = self.began()
        sidecar.write_policies(TYPO, "bad.yaml")
        until(lambda: self.refused(sidecar) >= 1, "the bad file is refused")
        refused = self.refused(sidecar)
        sidecar.write_policies(self.to(self.two))
        until(lambda: self.refused(sidecar) > refused, "and is still, whatever else changes")
        self.assertEqual(self.ask(self.client()), "one")
        os.remove(os.path.join(sidecar.path("policies"), "bad.yaml"))
        self.arrives_at(self.client(), "two", "change without the bad file")

    def test_half_a_file_and_no_yaml_at_all_are_refused(self):
        sidecar = self.began()
        client = self.client()
        for text in (self.to(self.two) + "---\n{", "\x00\x01\x02", "- a\n- b\n", "kind: Nothing\n"):
            refused = self.refused(sidecar)
            sidecar.write_policies(text)
            until(lambda: self.refused(sidecar) > refused, f"{text!r} is refused")
            self.assertEqual(self.ask(client), "one")

    def test_a_removed_directory_leaves_all_in_force_and_its_return_counts(self):
        sidecar = self.began()
        client = self.client()
        away = sidecar.path("away")
        os.rename(sidecar.path("policies"), away)
        until(lambda: self.refused(sidecar) >= 1, "that the directory is gone is seen")
        self.assertEqual(self.ask(client), "one")
        shutil.rmtree(away)
        os.mkdir(sidecar.path("policies"))
        sidecar.write_policies(self.to(self.two))
        self.arrives_at(client, "two", "restored directory")
        sidecar.write_policies(self.to(self.one))
        self.arrives_at(client, "one", "change in the restored directory")

    def test_a_deleted_directory_leaves_all_in_force_and_its_return_counts(self):
        sidecar = self.began()
        client = self.client()
        # Its file goes first, and with it all policies, unless both happen at once.
        shutil.rmtree(sidecar.path("policies"))
        until(lambda: self.refused(sidecar) >= 1, "that the directory is gone is seen")
        os.mkdir(sidecar.path("policies"))
        sidecar.write_policies(self.to(self.two))
        until(lambda: client.send(GET).answer()[2] == b"two", "the restored directory counts")


class ConfigMap(Reload):
    """As Kubernetes mounts one: files are links through `..data`, which is swapped."""

    def fill(self, sidecar, version, text):
        folder = os.path.join(sidecar.path("policies"), version)
        os.mkdir(folder)
        with open(os.path.join(folder, "all.yaml"), "w", encoding="utf-8") as f:
            f.write(text)
        link = os.path.join(sidecar.path("policies"), "..data")
        os.symlink(version, link + "_tmp")
        os.replace(link + "_tmp", link)

    def test_a_swapped_link_is_a_change(self):
        sidecar = Sidecar(self.spec)
        self.addCleanup(sidecar.stop)
        os.remove(os.path.join(sidecar.path("policies"), "all.yaml"))
        self.fill(sidecar, "..2026_1", self.to(self.one))
        os.symlink("..data/all.yaml", os.path.join(sidecar.path("policies"), "all.yaml"))
        sidecar.start()
        client = self.client()
        self.assertEqual(self.ask(client), "one")
        for i, (backend, name) in enumerate([(self.two, "two"), (self.one, "one")]):
            self.fill(sidecar, f"..2026_{i + 2}", self.to(backend))
            shutil.rmtree(os.path.join(sidecar.path("policies"), f"..2026_{i + 1}"))
            self.arrives_at(client, name, f"swap {i + 1}")
        self.assert_metric(sidecar, 0, "skiff_config_reloads_total", result="refused")


class UnderLoad(Reload):
    CLIENTS, PER_CLIENT, PAUSE_S = 4, 100, 0.02  # 200 requests a second for two seconds.

    def load(self, answers):
        client = Client(self.port)
        try:
            for _ in range(self.PER_CLIENT):
                status, _, body = client.send(GET).answer()
                answers.append((status, body))
                time.sleep(self.PAUSE_S)
        except (EOFError, OSError) as error:
            answers.append((0, repr(error)))
        finally:
            client.close()

    def test_nothing_is_lost_while_files_alternate(self):
        sidecar = self.began()
        answers = []
        threads = [threading.Thread(target=self.load, args=(answers,)) for _ in range(self.CLIENTS)]
        for thread in threads:
            thread.start()
        changes = 0
        while any(thread.is_alive() for thread in threads):
            good = self.to((self.two, self.one)[changes % 2])
            sidecar.write_policies(good + TYPO if changes % 5 == 4 else good)
            changes += 1
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        bad = [answer for answer in answers if answer[0] != 200]
        self.assertEqual(bad, [])
        self.assertEqual(len(answers), self.CLIENTS * self.PER_CLIENT)
        self.assertEqual({body for _, body in answers}, {b"one", b"two"})
        accepted = sidecar.metric("skiff_config_reloads_total", result="accepted")
        print(f"{changes} changes, {accepted:.0f} accepted, {len(answers)} requests, none lost")
        self.assertGreater(accepted, 2)


if __name__ == "__main__":
    unittest.main()
