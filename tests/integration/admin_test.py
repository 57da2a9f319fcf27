"""The admin pages, and a sidecar that cannot start."""

import json
import os
import shutil
import socket
import subprocess
import unittest

from support import BIN, Client, Sidecar, SidecarTest, free_port, saying, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
PAGES = ("/live", "/ready", "/metrics", "/config", "/routes", "/endpoints", "/breakers")
PAGES += ("/log-level", "/")


class Admin(SidecarTest):
    def setUp(self):
        self.running = self.outbound(saying("hello"))

    def ask(self, method, path, headers="", body=""):
        """Status, headers and text of an admin page, with exactly these headers."""
        client = Client(self.running.admin)
        self.addCleanup(client.close)
        client.send(
            f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
            f"{headers or 'Host: localhost' + chr(13) + chr(10)}\r\n{body}"
        )
        status, fields, text = client.answer(method)
        return status, fields, text.decode()


class Pages(Admin):
    def test_every_page_answers_get_and_head(self):
        for path in PAGES:
            status, fields, text = self.ask("GET", path)
            self.assertEqual(status, 200, path)
            self.assertTrue(text, path)
            self.assertEqual(fields["cache-control"], "no-store", path)
            status, fields, _ = self.ask("HEAD", path)
            self.assertEqual(status, 200, path)
            self.assertGreater(int(fields["content-length"]), 0, path)

    def test_many_requests_share_a_connection(self):
        client = Client(self.running.admin)
        self.addCleanup(client.close)
        for path in PAGES * 3:
            client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(client.answer()[0], 200, path)

    def test_config_shows_what_is_in_force(self):
        text = self.ask("GET", "/config")[2]
        self.assertTrue(text.startswith("# generation 1, 0 changes refused\n"), text)
        self.assertIn("kind: Service", text)
        self.assertIn(f"port: {self.backends[0].port}", text)

    def test_routes_and_endpoints_are_json(self):
        routes = json.loads(self.ask("GET", "/routes")[2])
        self.assertEqual(routes["generation"], 1)
        self.assertEqual(len(routes["targets"]), 1)
        endpoint = json.loads(self.ask("GET", "/endpoints")[2])["endpoints"][0]
        self.assertEqual(endpoint["address"], f"127.0.0.1:{self.backends[0].port}")
        self.assertIs(endpoint["healthy"], True)

    def test_a_page_that_is_not_there_says_which_are(self):
        status, _, text = self.ask("GET", "/metricz")
        self.assertEqual(status, 404)
        self.assertIn("did you mean /metrics?", text)

    def test_nonsense_is_refused_and_the_next_request_answered(self):
        client = Client(self.running.admin)
        self.addCleanup(client.close)
        client.send("nonsense\r\n\r\n")
        self.assertEqual(client.answer()[0], 400)
        self.assertEqual(self.ask("GET", "/live")[0], 200)


class Changes(Admin):
    def test_are_made_by_post_only(self):
        for path, method, allowed in (
            ("/drain", "GET", "POST"),
            ("/drain", "PUT", "POST"),
            ("/drain", "HEAD", "POST"),
            ("/log-level", "PUT", "GET, HEAD, POST"),
            ("/config", "POST", "GET, HEAD"),
            ("/metrics", "DELETE", "GET, HEAD"),
        ):
            status, fields, _ = self.ask(method, path)
            self.assertEqual((status, fields.get("allow")), (405, allowed), f"{method} {path}")
        self.assertEqual(self.ask("GET", "/ready")[0], 200)

    def test_of_another_origin_are_refused(self):
        here = f"Host: localhost:{self.running.admin}\r\n"
        for more in (
            "Origin: http://evil.example\r\n",
            "Origin: null\r\n",
            f"Origin: http://localhost:{self.running.admin + 1}\r\n",
            f"Origin: https://localhost:{self.running.admin}\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
        ):
            self.assertEqual(self.ask("POST", "/drain", here + more)[0], 403, more)
            self.assertEqual(self.ask("POST", "/log-level?level=off", here + more)[0], 403, more)
        self.assertEqual(self.ask("GET", "/ready")[0], 200)
        self.assertNotIn(" off\n", self.ask("GET", "/log-level")[2])
        own = f"Origin: http://localhost:{self.running.admin}\r\nSec-Fetch-Site: same-origin\r\n"
        self.assertEqual(self.ask("POST", "/log-level?level=info", here + own)[0], 200)

    def test_of_another_host_are_refused_and_so_are_its_pages(self):
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::1"):
            for method, path in (("GET", "/config"), ("GET", "/metrics"), ("POST", "/drain")):
                status, _, text = self.ask(method, path, f"Host: {host}\r\n")
                self.assertEqual(status, 403, f"{method} {path} of {host}")
                self.assertNotIn("kind:", text)
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:80"):
            self.assertEqual(self.ask("GET", "/config", f"Host: {host}\r\n")[0], 200, host)
        self.assertEqual(self.ask("GET", "/ready")[0], 200)


class Metrics(Admin):
    def test_promtool_finds_nothing(self):
        client = self.client()
        for _ in range(3):
            self.assertEqual(client.send(GET).answer()[0], 200)
        self.assertEqual(self.client().send("nonsense\r\n\r\n").answer()[0], 400)
        tool = shutil.which("promtool")
        if tool is None:
            self.skipTest("promtool IS NOT INSTALLED: nobody checked the metrics")
        text = self.running.get("/metrics")[1]
        self.assertIn("skiff_requests_total", text)
        found = subprocess.run(
            [tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )
        self.assertEqual((found.returncode, found.stdout + found.stderr), (0, ""))

    def test_count_what_was_asked(self):
        client = self.client()
        for _ in range(5):
            self.assertEqual(client.send(GET).answer()[0], 200)
        until(
            lambda: self.running.metric("skiff_requests_total", direction="outbound") == 5,
            "five requests are counted",
        )
        self.assert_metric(self.running, 0, "skiff_requests_in_flight")
        self.assert_metric(self.running, 1, "skiff_client_connections")
        self.assert_metric(self.running, 1, "skiff_backend_connections")
        client.close()
        until(lambda: self.running.metric("skiff_client_connections") == 0, "the client has gone")


class LostLines(SidecarTest):
    def test_are_counted(self):
        port = free_port()
        running = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend}}]\n"
            "accessLog: {mode: all, path: /dev/full}",
            service("backend", self.backend(saying("ok")).port),
        )
        client = self.client(port)
        for _ in range(3):
            self.assertEqual(client.send(GET).answer()[0], 200)
        until(
            lambda: running.metric("skiff_access_log_lines_lost_total") == 3,
            "three lines that could not be written are counted",
        )


class LogLevel(Admin):
    def test_takes_effect_at_once(self):
        self.assertIn("config info", self.ask("GET", "/log-level")[2])
        self.reload(1)
        self.assertEqual(self.ask("POST", "/log-level?level=error")[0], 200)
        self.assertIn("config error", self.ask("GET", "/log-level")[2])
        self.reload(2)
        self.assertNotIn("generation 3", self.running.logged())
        self.assertEqual(self.ask("POST", "/log-level?level=info&component=config")[0], 200)
        levels = self.ask("GET", "/log-level")[2]
        self.assertIn("config info", levels)
        self.assertIn("admin error", levels)
        self.reload(3)
        until(lambda: "generation 4" in self.running.logged(), "the level is info again")

    def test_is_taken_from_a_form_too(self):
        head = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        self.assertEqual(self.ask("POST", "/log-level", head, "level=debug")[0], 200)
        self.assertIn("config debug", self.ask("GET", "/log-level")[2])

    def test_that_does_not_exist_is_refused(self):
        for query, says in (
            ("", "level must be one of"),
            ("?level=loud", "level must be one of"),
            ("?level=info&component=nothing", "component must be one of"),
        ):
            status, _, text = self.ask("POST", "/log-level" + query)
            self.assertEqual(status, 400)
            self.assertIn(says, text)

    def reload(self, generation):
        """Writes the same policies again and waits for the generation behind this one."""
        self.running.write_policies(service("backend", self.backends[0].port))
        until(
            lambda: self.running.metric("skiff_config_generation") > generation, "they are loaded"
        )


class Start(SidecarTest):
    def end_of(self, spec, policies=None, **change):
        """Exit status and log of a sidecar that should not start; `{old: new}` changes its file."""
        sidecar = Sidecar(spec, policies or service("backend", 1))
        self.addCleanup(sidecar.stop)
        with open(sidecar.config, encoding="utf-8") as f:
            text = f.read()
        for old, new in change.get("change", {}).items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(sidecar.config, "w", encoding="utf-8") as f:
            f.write(text)
        ended = subprocess.run(
            [os.path.join(BIN, "skiff-sidecar"), "--config", sidecar.config],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr, sidecar

    def test_a_wrong_sidecar_file_ends_with_65_and_the_place(self):
        status, log, sidecar = self.end_of("service: test\noutbuond: []")
        self.assertEqual(status, 65, log)
        self.assertIn(f"{sidecar.config}:6:3: spec.outbuond: unknown field", log)
        self.assertIn('did you mean "outbound"?', log)

    def test_all_that_is_wrong_is_said_at_once(self):
        status, log, _ = self.end_of(
            "service: Test\noutbound: [{port: 123456}]\ntimeouts: {drain: 5}"
        )
        self.assertEqual(status, 65, log)
        for line in (":5:", ":6:", ":7:"):
            self.assertIn(f"sidecar.yaml{line}", log)

    def test_a_sidecar_file_that_is_not_there(self):
        ended = subprocess.run(
            [os.path.join(BIN, "skiff-sidecar"), "--config", "/nowhere/sidecar.yaml"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        self.assertEqual(ended.returncode, 65)
        self.assertIn("/nowhere/sidecar.yaml", ended.stderr)

    def test_a_wrong_option_ends_with_64(self):
        ended = subprocess.run(
            [os.path.join(BIN, "skiff-sidecar"), "--confg", "x"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        self.assertEqual(ended.returncode, 64)

    def test_wrong_policies_end_with_65_and_the_place(self):
        status, log, sidecar = self.end_of(
            f"service: test\noutbound: [{{port: {free_port()}, service: backend}}]",
            service("backend", 1).replace("ports:", "prots:"),
        )
        self.assertEqual(status, 65, log)
        self.assertIn(f"{sidecar.path('policies')}/all.yaml:6:3: spec.prots: unknown field", log)
        self.assertIn('did you mean "ports"?', log)

    def test_a_service_that_is_not_there_ends_with_65(self):
        status, log, _ = self.end_of(
            f"service: test\noutbound: [{{port: {free_port()}, service: bakend}}]"
        )
        self.assertEqual(status, 65, log)
        self.assertIn("bakend", log)

    def test_no_policies_directory_ends_with_65(self):
        status, log, _ = self.end_of(
            "service: test", change={"policies: policies": "policies: gone"}
        )
        self.assertEqual(status, 65, log)
        self.assertIn("/gone", log)

    def test_an_occupied_port_ends_with_1_and_says_which(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, log, _ = self.end_of(
                f"service: test\noutbound: [{{port: {port}, service: backend}}]"
            )
        self.assertEqual(status, 1, log)
        self.assertIn(f"127.0.0.1:{port}", log)
        self.assertIn("in use", log)

    def test_an_occupied_admin_port_ends_with_1_and_says_which(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, log, _ = self.end_of(
                "service: test", change={"admin: {port: ": f"admin: {{port: {port}}} # "}
            )
        self.assertEqual(status, 1, log)
        self.assertIn(f"127.0.0.1:{port}", log)
        self.assertIn("in use", log)


if __name__ == "__main__":
    unittest.main()
