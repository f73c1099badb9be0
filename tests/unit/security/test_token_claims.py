"""What a token must say and how it must be signed: the matrix of chapter 17, each refusal named by its claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import UnauthorizedError
from service.security.authenticator import AuthenticationMode, AuthenticationSettings, Authenticator, Caller
from service.security.issuers import Issuer
from service.security.replay import Replay
from service.security.token import MAX_BYTES
from tests.ehr.signing import claims_for, decode_part, encode_part, new_key, public_jwk, sign, sign_parts
from tests.thoroughness import examples
from tests.unit.security.conftest import ALGORITHMS, AUD, BASE, ISS, JKU, NOW, PATH, make

Call = Callable[..., Caller]
KEY = new_key("ES384")
WHEN = datetime.fromtimestamp(NOW, UTC)


def good(**changed: Any) -> str:
    claims = {**claims_for(AUD, NOW), **changed}
    return sign({name: value for name, value in claims.items() if value is not None}, KEY)


def refused(call: Call, token: str, path: str = PATH, now: float = NOW) -> str:
    """The claim that the log would name."""
    with pytest.raises(UnauthorizedError) as caught:
        call(token, path, now)
    return caught.value.claim


@pytest.mark.requirement("SE-4")
def test_se4_a_correct_token_says_who_calls(call: Call) -> None:
    caller = call(good(tenant="hospital-1"))
    assert (caller.iss, caller.tenant) == (ISS, "hospital-1")
    assert caller.jti


@pytest.mark.requirement("SE-4")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_se4_the_scheme_is_compared_without_case(authenticator: Authenticator, scheme: str) -> None:
    assert authenticator.authenticate(f"{scheme} {good()}", PATH, WHEN).iss == ISS


@pytest.mark.requirement("SE-4")
def test_se4_no_header_another_scheme_and_two_headers_are_refused(authenticator: Authenticator) -> None:
    for value in [None, "", "Basic abc", good(), f"Bearer {good()}, Bearer {good()}", "Bearer", f"Bearer {good()} x"]:
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(value, PATH, WHEN)


@pytest.mark.requirement("JW-1")
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", ""])
def test_jw1_alg_none_is_refused_with_and_without_signature(call: Call, alg: str) -> None:
    header = json.dumps({"alg": alg, "typ": "JWT", "kid": "key-1"})
    unsigned = f"{encode_part(header.encode())}.{encode_part(json.dumps(claims_for(AUD, NOW)).encode())}"
    assert refused(call, f"{unsigned}.") == "signature"
    assert refused(call, f"{unsigned}.{good().split('.')[2]}") == "alg"


@pytest.mark.requirement("JW-2")
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_jw2_a_public_key_used_as_a_shared_secret_is_refused(call: Call, alg: str) -> None:
    pem = new_key("RS384").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signer = jwt.PyJWS().get_algorithm_by_name(alg)
    head = encode_part(json.dumps({"alg": alg, "typ": "JWT", "kid": "key-rsa"}).encode())
    signed = f"{head}.{encode_part(json.dumps(claims_for(AUD, NOW)).encode())}"
    assert refused(call, f"{signed}.{encode_part(signer.sign(signed.encode(), pem))}") == "alg"


@pytest.mark.requirement("JW-3")
@pytest.mark.parametrize(("algorithm", "kid"), [("ES384", "key-1"), ("RS384", "key-rsa")])
def test_jw3_the_two_recommended_algorithms_are_accepted_by_default(call: Call, algorithm: str, kid: str) -> None:
    assert call(sign(claims_for(AUD, NOW), new_key(algorithm), algorithm=algorithm, kid=kid)).iss == ISS


@pytest.mark.requirement("JW-3")
@pytest.mark.parametrize(("algorithm", "kid"), [("ES256", "key-256"), ("RS256", "key-rsa"), ("PS384", "key-rsa")])
def test_jw3_others_are_accepted_only_when_configured(issuer: Issuer, replay: Replay, algorithm: str, kid: str) -> None:
    token = sign(claims_for(AUD, NOW), new_key("ES256" if kid == "key-256" else "RS384"), algorithm=algorithm, kid=kid)
    with pytest.raises(UnauthorizedError, match="alg"):
        make(issuer, replay).authenticate(f"Bearer {token}", PATH, WHEN)
    configured = make(issuer, replay, algorithms=(*ALGORITHMS, "PS384"))
    assert configured.authenticate(f"Bearer {token}", PATH, WHEN).iss == ISS


@pytest.mark.requirement("JW-3")
@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES512", "EdDSA"])
def test_jw3_no_other_algorithm_can_be_configured(algorithm: str) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        AuthenticationSettings(public_url=BASE, algorithms=("ES384", algorithm))


def keyed(issuer: Issuer, replay: Replay, *jwks: dict[str, Any]) -> Authenticator:
    return make(replace(issuer, static_keys=jwks), replay, algorithms=(*ALGORITHMS,))


def test_d19_an_issuer_may_be_let_sign_otherwise_than_the_service_allows_and_no_other_one(
    issuer: Issuer, replay: Replay
) -> None:
    token = sign(claims_for(AUD, NOW), new_key("RS256"), algorithm="RS256", kid="r1")
    keys = (public_jwk(new_key("RS256"), "r1"),)
    at = datetime.fromtimestamp(NOW, UTC)
    trial = replace(issuer, static_keys=keys, algorithms=frozenset({"RS256"}))
    assert make(trial, replay).authenticate(f"Bearer {token}", PATH, at).iss == issuer.iss
    with pytest.raises(UnauthorizedError) as refused:
        make(replace(issuer, static_keys=keys), replay).authenticate(f"Bearer {token}", PATH, at)
    assert refused.value.claim == "alg"


@pytest.mark.requirement("JW-4")
@pytest.mark.parametrize(
    ("jwk", "claim"),
    [
        (public_jwk(new_key("ES256"), "key-1"), "alg"),
        (public_jwk(new_key("RS384"), "key-1"), "alg"),
        (public_jwk(KEY, "key-1", alg="ES256"), "alg"),
        (public_jwk(KEY, "key-1", use="enc"), "alg"),
        (public_jwk(KEY, "key-1", key_ops=["sign"]), "alg"),
        (public_jwk(KEY, "key-1", d="AAAA"), "alg"),
        (public_jwk(KEY, "key-1", x="AAAA"), "kid"),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "key-1"}, "alg"),
        (public_jwk(KEY, "key-2"), "kid"),
    ],
)
def test_jw4_the_key_must_fit_the_algorithm(issuer: Issuer, replay: Replay, jwk: dict[str, Any], claim: str) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        keyed(issuer, replay, jwk).authenticate(f"Bearer {good()}", PATH, WHEN)
    assert caught.value.claim == claim


@pytest.mark.requirement("JW-4")
def test_jw4_members_of_the_key_that_fit_do_no_harm(issuer: Issuer, replay: Replay) -> None:
    jwk = public_jwk(KEY, "key-1", alg="ES384", use="sig", key_ops=["verify"], x5t="ignored")
    assert keyed(issuer, replay, jwk).authenticate(f"Bearer {good()}", PATH, WHEN).iss == ISS


@pytest.mark.requirement("JW-4")
@pytest.mark.filterwarnings("ignore:The RSA key is")  # said by the library that signs for this test
@pytest.mark.parametrize(("bits", "accepted"), [(1024, False), (2047, False), (2048, True)])
def test_jw4_rsa_keys_have_at_least_2048_bit(issuer: Issuer, replay: Replay, bits: int, accepted: bool) -> None:
    key = new_key("RS384", bits=bits)
    token = sign(claims_for(AUD, NOW), key, algorithm="RS384")
    chosen = keyed(issuer, replay, public_jwk(key, "key-1"))
    if accepted:
        assert chosen.authenticate(f"Bearer {token}", PATH, WHEN).iss == ISS
    else:
        with pytest.raises(UnauthorizedError, match="kid"):
            chosen.authenticate(f"Bearer {token}", PATH, WHEN)


@pytest.mark.requirement("JW-4")
def test_jw4_two_keys_of_one_name_are_not_tried_in_turn(issuer: Issuer, replay: Replay) -> None:
    twice = keyed(issuer, replay, public_jwk(KEY, "key-1"), public_jwk(new_key("ES384", 1), "key-1"))
    with pytest.raises(UnauthorizedError, match="kid"):
        twice.authenticate(f"Bearer {good()}", PATH, WHEN)


@pytest.mark.requirement("JW-5")
@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti"])
def test_jw5_every_required_claim_is_required(call: Call, claim: str) -> None:
    assert refused(call, good(**{claim: None})) == claim


@pytest.mark.requirement("JW-5")
@pytest.mark.parametrize("member", ["kid", "typ"])
def test_jw5_every_required_header_member_is_required(call: Call, member: str) -> None:
    assert refused(call, sign(claims_for(AUD, NOW), KEY, **{member: None})) == member


@pytest.mark.requirement("JW-5")
def test_jw5_alg_is_required(call: Call) -> None:
    token = sign_parts(json.dumps({"typ": "JWT", "kid": "key-1"}), json.dumps(claims_for(AUD, NOW)), KEY)
    assert refused(call, token) == "alg"


@pytest.mark.requirement("JW-5")
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://ehr.example.org/"),
        ("iss", "https://stranger.example.org"),
        ("iss", ["https://ehr.example.org"]),
        ("aud", 7),
        ("aud", []),
        ("aud", [AUD, 7]),
        ("exp", "1795500300"),
        ("exp", True),
        ("iat", 1e300),
        ("iat", -5),
        ("nbf", "now"),
        ("jti", 5),
        ("jti", ""),
        ("jti", "x" * 256),
        ("tenant", 5),
    ],
)
def test_jw5_a_claim_of_the_wrong_kind_is_refused(call: Call, claim: str, value: object) -> None:
    claims = {**claims_for(AUD, NOW), claim: value}
    token = sign_parts('{"alg":"ES384","typ":"JWT","kid":"key-1"}', json.dumps(claims), KEY)
    assert refused(call, token) == claim


@pytest.mark.requirement("JW-6")
def test_jw6_the_audience_is_exactly_the_called_url_behind_its_prefix(call: Call) -> None:
    for aud in [
        "https://cds.example.org/cds-services/sciatica-patient-view",
        "http://cds.example.org/api/cds-services/sciatica-patient-view",
        f"{BASE}/cds-services/sciatica-order-sign",
        f"{BASE}/cds-services",
        f"{AUD}?x=1",
        AUD.upper(),
        "sciatica-cds",
    ]:
        assert refused(call, good(aud=aud)) == "aud", aud
    assert call(good(aud=["https://other.example.org", AUD])).iss == ISS
    # Registered with a slash at its end it is the same address.
    assert call(good(aud=f"{AUD}/")).iss == ISS
    assert refused(call, good(aud=f"{AUD}//")) == "aud"


@pytest.mark.requirement("DI-13")
def test_di13_discovery_wants_the_discovery_url(call: Call) -> None:
    assert call(good(aud=f"{BASE}/cds-services"), "/cds-services").iss == ISS
    assert refused(call, good(), "/cds-services") == "aud"


@pytest.mark.requirement("FB-12")
def test_fb12_feedback_takes_the_feedback_url_or_that_of_its_service_and_no_other(call: Call) -> None:
    for aud in (f"{AUD}/feedback", f"{AUD}/feedback/", AUD, f"{AUD}/"):
        assert call(good(aud=aud), f"{PATH}/feedback").iss == ISS, aud
    assert refused(call, good(aud=f"{BASE}/cds-services/sciatica-order-sign/feedback"), f"{PATH}/feedback") == "aud"
    # A token for feedback opens no service.
    assert refused(call, good(aud=f"{AUD}/feedback")) == "aud"


@pytest.mark.requirement("JW-6")
def test_jw6_further_audiences_are_configured_per_issuer(issuer: Issuer, replay: Replay, call: Call) -> None:
    assert refused(call, good(aud="typed-in-by-hand")) == "aud"
    configured = make(replace(issuer, audiences=frozenset({"typed-in-by-hand"})), replay)
    assert configured.authenticate(f"Bearer {good(aud='typed-in-by-hand')}", PATH, WHEN).iss == ISS


@pytest.mark.requirement("JW-7")
@pytest.mark.parametrize(("ago", "accepted"), [(29, True), (30, False), (31, False), (3600, False)])
def test_jw7_an_expired_token_is_refused_after_30_seconds_of_leeway(call: Call, ago: int, accepted: bool) -> None:
    token = good(iat=int(NOW) - 300, exp=int(NOW) - ago if ago < 300 else int(NOW) - 290)
    if accepted:
        assert call(token).iss == ISS
    else:
        assert refused(call, token) == "exp"


@pytest.mark.parametrize(
    ("iat", "exp", "claim"),
    [
        (30, 300, None),
        (31, 300, "iat"),
        (-661, 240, None),
        (0, 3600, None),
        (0, 3601, "exp"),
        (0, 0, "exp"),
        (10, 5, "exp"),
        (-600, 3000, None),
        (-600, 3001, "exp"),
    ],
)
def test_17_3_a_token_has_one_limit_the_time_it_is_valid(call: Call, iat: int, exp: int, claim: str | None) -> None:
    token = good(iat=int(NOW) + iat, exp=int(NOW) + exp)
    if claim is None:
        assert call(token).iss == ISS
    else:
        assert refused(call, token) == claim


@pytest.mark.parametrize(("nbf", "accepted"), [(-5, True), (30, True), (31, False)])
def test_17_3_nbf_is_honoured_and_sub_ignored(call: Call, nbf: int, accepted: bool) -> None:
    token = good(nbf=int(NOW) + nbf, sub=["anything"])
    if accepted:
        assert call(token).iss == ISS
    else:
        assert refused(call, token) == "nbf"


@pytest.mark.requirement("SE-5")
def test_se5_a_foreign_key_url_is_refused_before_any_fetch(issuer: Issuer, replay: Replay) -> None:
    online = make(replace(issuer, static_keys=None), replay)
    for jku in ["https://evil.example.org/jwks.json", JKU + "?x=1", JKU.upper(), "", None, 7, [JKU]]:
        header = {"alg": "ES384", "typ": "JWT", "kid": "key-1", "jku": jku}
        token = sign_parts(json.dumps(header), json.dumps(claims_for(AUD, NOW)), KEY)
        with pytest.raises(UnauthorizedError, match="jku"):
            online.authenticate(f"Bearer {token}", PATH, WHEN)


@pytest.mark.requirement("JW-10")
def test_jw10_a_listed_key_url_is_compared_even_when_the_keys_are_static(call: Call) -> None:
    assert call(sign(claims_for(AUD, NOW), KEY, jku=JKU)).iss == ISS
    assert refused(call, sign(claims_for(AUD, NOW), KEY, jku="https://evil.example.org/jwks.json")) == "jku"


@pytest.mark.requirement("JW-10")
def test_jw10_keys_that_the_token_brings_itself_are_ignored(call: Call) -> None:
    own = new_key("ES384", 7)
    for header in [{"jwk": public_jwk(own, "key-1")}, {"x5c": ["AAAA"]}, {"x5u": "https://evil.example.org/cert"}]:
        assert refused(call, sign(claims_for(AUD, NOW), own, **header)) == "signature"
        assert call(sign(claims_for(AUD, NOW), KEY, **header)).iss == ISS


@pytest.mark.requirement("JW-10")
@pytest.mark.parametrize("extra", ['"crit": ["exp"], "exp": 1', '"crit": []', '"b64": false', '"b64": true'])
def test_jw10_critical_extensions_are_refused(call: Call, extra: str) -> None:
    header = f'{{"alg":"ES384","typ":"JWT","kid":"key-1",{extra}}}'
    assert refused(call, sign_parts(header, json.dumps(claims_for(AUD, NOW)), KEY)) == "crit"


@pytest.mark.requirement("SE-6")
def test_se6_tenants_are_limited_where_the_issuer_lists_them(issuer: Issuer, replay: Replay) -> None:
    limited = make(replace(issuer, tenants=frozenset({"hospital-1"})), replay)
    assert limited.authenticate(f"Bearer {good(tenant='hospital-1')}", PATH, WHEN).tenant == "hospital-1"
    for tenant in ["hospital-2", None]:
        with pytest.raises(UnauthorizedError, match="tenant"):
            limited.authenticate(f"Bearer {good(tenant=tenant)}", PATH, WHEN)


@pytest.mark.requirement("JW-8")
def test_jw8_the_same_token_is_good_for_one_call(call: Call) -> None:
    token = good()
    assert call(token).iss == ISS
    assert refused(call, token) == "jti"
    assert refused(call, token, now=NOW + 60) == "jti"


@pytest.mark.requirement("JW-8")
def test_jw8_a_refused_token_is_not_used_up(call: Call) -> None:
    token = good()
    assert refused(call, token, "/cds-services/another") == "aud"
    assert call(token).iss == ISS


@pytest.mark.requirement("JW-9")
def test_jw9_a_signature_by_another_key_is_refused(call: Call) -> None:
    assert refused(call, sign(claims_for(AUD, NOW), new_key("ES384", 3))) == "signature"
    head, payload, signature = good().split(".")
    changed = json.dumps({**json.loads(decode_part(payload)), "tenant": "mine"}).encode()
    assert refused(call, f"{head}.{encode_part(changed)}.{signature}") == "signature"


@pytest.mark.requirement("JW-12")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token + ".",
        lambda token: token + ".x",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token + "=",
        lambda token: token.replace(".", ".=", 1),
        lambda token: f"{token}\u00e9",
        lambda token: f"{token}\n",
        lambda token: token.replace("-", "+").replace("_", "/") + "+",
        lambda token: f"a{token}",
        lambda _: "",
        lambda _: "..",
        lambda _: "a.b.c",
        lambda token: token + "A" * MAX_BYTES,
    ],
)
def test_jw12_only_three_parts_in_plain_base64url_are_a_token(authenticator: Authenticator, spoil: Any) -> None:
    spoiled = spoil(good())
    if spoiled.strip() == spoiled:
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(f"Bearer {spoiled}", PATH, WHEN)


@pytest.mark.requirement("JW-12")
def test_jw12_a_second_spelling_of_the_same_bytes_is_refused(call: Call) -> None:
    token = good()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head = encode_part(json.dumps({"alg": "ES384", "typ": "JWT", "kid": "key-1"}).encode() + b" ")
    assert len(head) % 4, "the last letter must have unused bits for this test"
    twisted = head[:-1] + last[last.index(head[-1]) + 1]
    assert decode_part(twisted) == decode_part(head)
    assert refused(call, f"{twisted}.{token.split('.', 1)[1]}") == "header"


@pytest.mark.requirement("JW-12")
@pytest.mark.parametrize(
    ("header", "payload", "part"),
    [
        ('{"alg":"ES384","alg":"ES384","typ":"JWT","kid":"key-1"}', "{}", "header"),
        ('{"alg":"ES384","typ":"JWT","kid":"key-1"}', '{"iss":"a","iss":"https://ehr.example.org"}', "payload"),
        ('["alg"]', "{}", "header"),
        ("7", "{}", "header"),
        ('{"alg":"ES384","typ":"JWT","kid":"key-1"}', "[]", "payload"),
        ('{"alg":"ES384","typ":"JWT","kid":"key-1"}', '{"exp": NaN}', "payload"),
        ('{"alg":"ES384","typ":"JWT","kid":"key-1"}', '{"a":' * 30 + "1" + "}" * 30, "payload"),
        ("{'alg': 'ES384'}", "{}", "header"),
    ],
)
def test_jw12_header_and_payload_are_strict_json_objects(call: Call, header: str, payload: str, part: str) -> None:
    assert refused(call, sign_parts(header, payload, KEY)) == part


@pytest.mark.requirement("JW-12")
def test_jw12_a_token_has_at_most_8_kb(call: Call) -> None:
    room = MAX_BYTES - len(good(tenant=""))
    for size in (room * 3 // 4 - 8, room):
        token = good(tenant="x" * size)
        if len(token) <= MAX_BYTES:
            assert call(token).iss == ISS
        else:
            assert refused(call, token) == "token"


@pytest.mark.requirement("JW-12")
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=200), st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}")
    )
)
def test_jw12_whatever_is_sent_the_answer_is_a_refusal(authenticator: Authenticator, text: str) -> None:
    for value in (text, f"Bearer {text}"):
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(value, PATH, WHEN)


@pytest.mark.requirement("JW-12")
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), letter=st.sampled_from("ABCxyz019-_.="))
def test_jw12_a_token_with_one_letter_changed_is_refused(
    authenticator: Authenticator, position: int, letter: str
) -> None:
    token = good()
    at = position % len(token)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(f"Bearer {changed}", PATH, WHEN)


@pytest.mark.requirement("SE-2")
def test_se2_the_open_mode_believes_everybody_and_knows_nobody(issuer: Issuer) -> None:
    opened = make(issuer, None, mode=AuthenticationMode.OPEN)
    assert opened.authenticate(None, PATH, WHEN).iss is None
    assert opened.authenticate("Bearer nonsense", PATH, WHEN).iss is None


@pytest.mark.requirement("SE-2")
def test_se2_required_is_the_default_and_refuses_everybody_until_issuers_are_known(replay: Replay) -> None:
    assert AuthenticationSettings(public_url=BASE).mode is AuthenticationMode.REQUIRED
    nobody = make(Issuer("https://somebody-else.example.org"), replay)
    with pytest.raises(UnauthorizedError, match="iss"):
        nobody.authenticate(f"Bearer {good()}", PATH, WHEN)


@pytest.mark.requirement("SE-2")
def test_se2_the_required_mode_does_not_start_without_what_it_needs(issuer: Issuer) -> None:
    with pytest.raises(ValueError, match="public base URL"):
        AuthenticationSettings()
    with pytest.raises(ValueError, match="used tokens"):
        make(issuer, None)


@pytest.mark.requirement("SE-8")
def test_se8_neither_token_nor_claims_show_in_an_error(call: Call) -> None:
    token = good(aud="https://canary.example.org")
    with pytest.raises(UnauthorizedError) as caught:
        call(token)
    assert str(caught.value) == "not authenticated: aud"
    assert caught.value.__cause__ is None
