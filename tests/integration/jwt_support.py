"""Whoever signs tokens, with openssl's command line, and policies that ask for them."""

import base64
import json
import subprocess
import time

ISSUER = "https://login.test"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value):
    return encode(json.dumps(value).encode())


def openssl(*arguments, data=b""):
    return subprocess.run(
        ["openssl", *arguments], input=data, check=True, capture_output=True
    ).stdout


class Signer:
    """A key of P-256 in a file; it signs as ES256."""

    def __init__(self, path, kid):
        self.path, self.kid = path, kid
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)

    def jwk(self):
        point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
        x, y = encode(point[:32]), encode(point[32:])
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": x, "y": y}

    def sign(self, header, claims):
        text = f"{encode_json(header)}.{encode_json(claims)}"
        der = openssl("dgst", "-sha256", "-sign", self.path, data=text.encode())
        return f"{text}.{encode(both_of(der))}"

    def token(self, sub, **claims):
        said = {"iss": ISSUER, "sub": sub, "exp": int(time.time()) + 600, **claims}
        return self.sign({"alg": "ES256", "kid": self.kid}, said)


def both_of(der):
    """The two numbers of a signature in DER, one after the other."""
    at, both = 2, b""
    for _ in range(2):
        size = der[at + 1]
        both += der[at + 2 : at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return both


def jwks(*signers):
    return json.dumps({"keys": [signer.jwk() for signer in signers]})


def jwt_policy(keys, *, target="{name: product}", name="tokens", more="", provider=""):
    """A JWTPolicy with one provider; `keys` is its field jwks or jwksFile."""
    return (
        f"---\napiVersion: skiff.dev/v1\nkind: JWTPolicy\nmetadata: {{name: {name}}}\n"
        f"spec:\n  targetRefs: [{target}]\n{more}"
        f"  providers: [{{issuer: {ISSUER}, {keys}{provider}}}]\n"
    )


def inline(*signers):
    return f"jwks: '{jwks(*signers)}'"
