"""Servers of other people that know nothing of us, each in a folder and on ports of its own."""

import glob
import importlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from support import free_port, until


def program(name, *folders):
    """The path of a program; where it is not installed, the test is skipped loudly."""
    path = shutil.which(name, path=os.pathsep.join([*folders, os.environ["PATH"], "/usr/sbin"]))
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def debian_module(name):
    """A Python module of a Debian package, whichever interpreter this is."""
    try:
        return importlib.import_module(name)
    except ImportError:
        sys.path.append("/usr/lib/python3/dist-packages")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise unittest.SkipTest(f"python3-{name} is not installed") from error
    finally:
        sys.path.remove("/usr/lib/python3/dist-packages")


class Server:
    """One process, which can be killed and started again on the same port."""

    user = None  # As whom it runs where we are root.

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="skiff-server-")
        self.port = free_port()
        self.process = None
        self.log = open(self.path("log"), "w+", encoding="utf-8")
        self.environment = dict(os.environ, HOME=self.folder)
        if self.user and os.getuid() == 0:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)

    def path(self, name):
        return os.path.join(self.folder, name)

    def options(self):
        as_user = self.user if self.user and os.getuid() == 0 else None
        group = pwd.getpwnam(as_user).pw_gid if as_user else None
        return {
            "stdin": subprocess.DEVNULL,
            "stdout": self.log,
            "stderr": self.log,
            "env": self.environment,
            "cwd": self.folder,
            "user": as_user,
            "group": group,
            "extra_groups": [] if as_user else None,
            "start_new_session": True,
        }

    def launch(self, *command):
        return subprocess.Popen(command, **self.options())

    def run(self, *command):
        subprocess.run(command, check=True, timeout=60, **self.options())

    def start(self):
        self.process = self.launch(*self.command())
        until(self.is_up, f"{type(self).__name__} is up", 60)
        return self

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self):
        self.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Server):
    def __init__(self):
        super().__init__()
        self.server = program("redis-server")
        self.cli = program("redis-cli")
        self.benchmark = program("redis-benchmark")

    def command(self):
        return [
            self.server,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder),
            *("--save", "", "--daemonize", "no", "--protected-mode", "no"),
        ]

    def is_up(self):
        return self.ask(self.port, "PING") == "PONG"

    def ask(self, port, *words):
        done = subprocess.run(
            [self.cli, "-p", str(port), *words], capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()


class PostgreSql(Server):
    user = "postgres"

    def __init__(self):
        super().__init__()
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
        self.server = program("postgres", *folders)
        self.bench = program("pgbench", *folders)
        self.psql = program("psql", *folders)
        self.run(
            program("initdb", *folders), "-D", self.path("data"), "-U", "shop", "-A", "trust", "-N"
        )

    def command(self):
        return [
            self.server,
            *("-D", self.path("data"), "-p", str(self.port), "-k", self.folder),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
        ]

    def is_up(self):
        return self.ask(self.port, "select 1") == "1"

    def ask(self, port, query):
        done = subprocess.run(
            [self.psql, "-XAtq", self.target(port), "-c", query],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout.strip()

    @staticmethod
    def target(port):
        return f"postgresql://shop@127.0.0.1:{port}/postgres?gssencmode=disable"


class RabbitMq(Server):
    user = "rabbitmq"

    def __init__(self):
        # Debian's own wrapper says all to files of the system's instance.
        self.server = program("rabbitmq-server", "/usr/lib/rabbitmq/bin")
        self.epmd_program = program("epmd")
        super().__init__()
        self.epmd_port = free_port()
        self.environment.update(
            {
                "RABBITMQ_NODENAME": "skiff@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self.port),
                "RABBITMQ_DIST_PORT": str(free_port()),
                "RABBITMQ_MNESIA_BASE": self.path("data"),
                "RABBITMQ_LOG_BASE": self.path("logs"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": self.path("plugins"),
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
                "ERL_EPMD_PORT": str(self.epmd_port),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
            }
        )
        self.epmd = self.launch(self.epmd_program, "-port", str(self.epmd_port))

    def command(self):
        return [self.server]

    def is_up(self):
        """Whether it answers the first bytes of AMQP 0-9-1."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as s:
                s.sendall(b"AMQP\0\0\x09\x01")
                return s.recv(1) == b"\x01"
        except OSError:
            return False

    def stop(self):
        os.killpg(self.epmd.pid, signal.SIGKILL)
        self.epmd.wait()
        super().stop()


class Nghttpd(Server):
    """HTTP/2 in clear text; /index.html says hello."""

    def __init__(self):
        super().__init__()
        self.server = program("nghttpd")
        with open(self.path("index.html"), "w", encoding="ascii") as file:
            file.write("hello")

    def command(self):
        options = ("--no-tls", "-a", "127.0.0.1", "-d", self.folder)
        return [self.server, *options, str(self.port)]

    def is_up(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0
