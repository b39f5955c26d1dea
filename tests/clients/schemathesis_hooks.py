"""What makes the fuzzer's requests reach the routes: each from an address of its own, behind the limits for one address, from a
registered page, and half of them with a client and a challenge that are right."""

import itertools

import schemathesis

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
count = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(count)
    headers = dict(case.headers or {})
    headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    headers.setdefault("Origin", "http://localhost:1")
    case.headers = headers
    if case.path == "/login" and isinstance(case.body, dict) and number % 2:
        case.body |= {"client_id": "site", "code_challenge": CHALLENGE}
