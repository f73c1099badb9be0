"""Signing: the keys of the simulated EHR and the tokens it makes with them, right and wrong."""

from __future__ import annotations

import base64
import json
import uuid
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
CURVES: dict[str, type[ec.EllipticCurve]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1}


@cache
def new_key(algorithm: str, generation: int = 0, bits: int = 2048) -> PrivateKey:
    """A private key; the same one for the same arguments, since RSA keys take long to make."""
    del generation  # only tells keys apart
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm]())
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_jwk(key: PrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    """The JWK that a verifier needs."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        jwk: dict[str, Any] = ECAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    jwk.pop("key_ops", None)
    return {**jwk, "kid": kid, **members}


def claims_for(aud: str, now: float, iss: str = "https://ehr.example.org") -> dict[str, Any]:
    """What a correct token says at the time ``now``."""
    return {"iss": iss, "aud": aud, "iat": int(now), "exp": int(now) + 300, "jti": str(uuid.uuid4())}


def sign(
    claims: dict[str, Any],
    key: PrivateKey,
    *,
    algorithm: str = "ES384",
    kid: str | None = "key-1",
    **header: Any,
) -> str:
    """A signed token. A header member given as None is left out."""
    wanted = {"kid": kid, **header}
    token = jwt.encode(
        claims, key, algorithm, headers={name: value for name, value in wanted.items() if value is not None}
    )
    return (
        token
        if not {name for name, value in header.items() if value is None}
        else _resigned(token, header, key, algorithm)
    )


def _resigned(token: str, header: dict[str, Any], key: PrivateKey, algorithm: str) -> str:
    """The token without the header members that are None, such as the ``typ`` that PyJWT always writes."""
    head, payload, _ = token.split(".")
    stored = {name: value for name, value in json.loads(decode_part(head)).items() if header.get(name, "") is not None}
    return sign_parts(json.dumps(stored), decode_part(payload).decode(), key, algorithm)


def sign_parts(header: str, payload: str, key: PrivateKey, algorithm: str = "ES384") -> str:
    """A token of exactly this header and payload text, correctly signed: for what no library would write."""
    signed = f"{encode_part(header.encode())}.{encode_part(payload.encode())}"
    methods = jwt.PyJWS()
    method = methods.get_algorithm_by_name(algorithm)
    return f"{signed}.{encode_part(method.sign(signed.encode(), key))}"


def encode_part(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_part(part: str) -> bytes:
    """The bytes of one part of a token."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
