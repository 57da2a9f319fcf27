"""Pairs of sidecars with mutual TLS between them, and certificates for them."""

import os
import subprocess
import tempfile

from support import BIN, Client, SidecarTest, free_port, service

TRUST_DOMAIN = "shop.test"


def identity_of(name, namespace="shop"):
    return f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{name}"


class Authority:
    """A folder with a test authority and leaves, made by `skiff certs create`."""

    def __init__(self, *services, trust_domain=TRUST_DOMAIN):
        self.folder = tempfile.TemporaryDirectory(prefix="skiff-certs-")
        self.trust_domain = trust_domain
        self.add(*services)

    def add(self, *services, options=()):
        names = [name if "." in name else f"{name}.shop" for name in services]
        command = [os.path.join(BIN, "skiff"), "certs", "create", self.folder.name]
        subprocess.run(
            [*command, "--trust-domain", self.trust_domain, *options, *names],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def read(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def identity(self, name):
        """The part of a Sidecar's spec that makes it this service."""
        leaf = name if "." in name else f"{name}.shop"
        return (
            "identity:\n"
            f"  trustDomain: {self.trust_domain}\n"
            f"  certificate: {self.path(leaf + '.pem')}\n"
            f"  key: {self.path(leaf + '.key')}\n"
            f"  bundle: {self.path('ca.pem')}\n"
        )

    def close(self):
        self.folder.cleanup()


def mesh_tls(mode, **more):
    extra = "".join(f"  {name}: {value}\n" for name, value in more.items())
    return (
        "---\napiVersion: skiff.dev/v1\nkind: MeshTLS\nmetadata: {name: all, namespace: shop}\n"
        f"spec:\n  mode: {mode}\n{extra}"
    )


class MeshTest(SidecarTest):
    """`order` calls `product`, each beside its sidecar."""

    def authority(self, *services, **options):
        made = Authority(*services, **options)
        self.addCleanup(made.close)
        return made

    def callee(self, backend_port, *, tls="strict", protocol="HTTP", more="", policies=""):
        """The sidecar beside `product`; its inbound port is self.inbound."""
        self.inbound = free_port()
        return self.sidecar(
            "service: product\nnamespace: shop\n"
            f"{self.certs.identity('product')}"
            "inbound:\n"
            f"  - {{address: 127.0.0.1, port: {self.inbound}, protocol: {protocol}, "
            f'application: "127.0.0.1:{backend_port}"{f", tls: {tls}" if tls else ""}}}\n'
            f"accessLog: {{mode: all}}\n{more}",
            service("product", self.inbound, namespace="shop") + policies,
        )

    def caller(
        self, *, mode="strict", protocol="HTTP", listens="", extra="", more="", identity=True
    ):
        """The sidecar beside `order`; its outbound port is self.port, where `listens` is spoken."""
        self.port = free_port()
        policies = service(
            "product", self.inbound, namespace="shop", protocol=protocol, extra=extra
        )
        return self.sidecar(
            "service: order\nnamespace: shop\n"
            f"{self.certs.identity('order') if identity else ''}"
            f"outbound: [{{port: {self.port}, service: product, "
            f"protocol: {listens or protocol}}}]\n"
            f"accessLog: {{mode: all}}\n{more}",
            policies + mesh_tls(mode),
        )

    def pair(self, handle, **options):
        """Both, in front of a backend that each connection is given to by `handle`."""
        self.certs = self.authority("order", "product")
        self.application = self.backend(handle)
        protocol = options.get("protocol", "HTTP")
        callee = self.callee(self.application.port, protocol=protocol)
        return self.caller(**options), callee

    def ask(self, request="GET / HTTP/1.1\r\nHost: product\r\n\r\n", port=None):
        client = Client(port or self.port)
        try:
            return client.send(request).answer()
        finally:
            client.close()
