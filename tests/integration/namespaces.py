"""Network namespaces, each a host of its own, joined by a wire.

Needs root and Linux's iproute2; where that is not permitted the tests are skipped, loudly.
"""

import itertools
import os
import shutil
import subprocess
import tempfile
import unittest

TOOLS = ("ip", "nft", "iptables-legacy-save", "setpriv")
numbers = itertools.count()


def run(*command, check=True, **options):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
    return done


class Namespace:
    def __init__(self):
        for tool in TOOLS:
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")
        self.name = f"skiff-{os.getpid()}-{next(numbers)}"
        made = run("ip", "netns", "add", self.name, check=False)
        if made.returncode != 0:
            raise unittest.SkipTest(f"no network namespaces here: {made.stderr.strip()}")
        self.folder = tempfile.mkdtemp(prefix="skiff-netns-")
        os.chmod(self.folder, 0o755)
        self.processes = []
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command, check=True, **options):
        return run(*self.command(*command), check=check, **options)

    def start(self, *command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(self.command(*command), **options)
        self.processes.append(process)
        return process

    def delete(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        run("ip", "netns", "delete", self.name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def join(one, other, network):
    """A wire between two namespaces: 10.NETWORK.0.1 and .2, fd00:NETWORK::1 and ::2."""
    name = f"sk{os.getpid() % 100000}{network}"
    run("ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
    for end, namespace, host in (("a", one, 1), ("b", other, 2)):
        device = f"{name}{end}"
        run("ip", "link", "set", device, "netns", namespace.name)
        namespace.run("ip", "address", "add", f"10.{network}.0.{host}/24", "dev", device)
        namespace.run("ip", "address", "add", f"fd00:{network}::{host}/64", "dev", device, "nodad")
        namespace.run("ip", "link", "set", device, "up")
