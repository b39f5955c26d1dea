"""Django with pyoidc, in one file. A site has these parts in settings.py, views.py and urls.py."""

import json
import os
import sys
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    SECRET_KEY=os.environ["SESSION_SECRET"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import path  # noqa: E402
from oic import rndstr  # noqa: E402
from oic.oic import Client  # noqa: E402
from oic.oic.message import AuthorizationResponse, RegistrationResponse  # noqa: E402
from oic.utils.authn.client import CLIENT_AUTHN_METHOD  # noqa: E402

SITE = os.environ["SITE"]

weixin = Client(
    client_authn_method=CLIENT_AUTHN_METHOD,
    config={"code_challenge": {"method": "S256", "length": 64}},
)
weixin.provider_config(os.environ["ISSUER"])
weixin.store_registration_info(
    RegistrationResponse(
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        redirect_uris=[f"{SITE}/callback"],
    )
)


def login(request):
    challenge, verifier = weixin.add_code_challenge()
    query = {
        "response_type": "code",
        "scope": "openid profile offline_access",
        "redirect_uri": f"{SITE}/callback",
        "state": rndstr(32),
        "nonce": rndstr(32),
        **challenge,
    }
    request.session["state"] = query["state"]
    request.session["verifier"] = verifier
    asked = weixin.construct_AuthorizationRequest(request_args=query)
    return redirect(asked.request(weixin.authorization_endpoint))


def callback(request):
    answer = weixin.parse_response(
        AuthorizationResponse, info=request.META["QUERY_STRING"], sformat="urlencoded"
    )
    state = request.session.pop("state", None)
    if not state or answer.get("state") != state or "code" not in answer:
        return JsonResponse({}, status=403)
    # Checks nonce, and the ID token's signature, issuer and audience. The tokens stay with the client, under the state.
    weixin.do_access_token_request(
        state=state,
        # Seconds by which the two clocks may differ; the default is none.
        skew=60,
        request_args={
            "code": answer["code"],
            "redirect_uri": f"{SITE}/callback",
            "code_verifier": request.session.pop("verifier"),
        },
    )
    person = weixin.do_user_info_request(state=state)
    request.session.cycle_key()
    request.session["login"] = state
    request.session["person"] = {
        "sub": person["sub"],
        "nickname": person.get("nickname"),
        "picture": person.get("picture"),
    }
    return redirect("/")


def me(request):
    person = request.session.get("person")
    return JsonResponse(person or {}, status=200 if person else 401)


def refresh(request):
    state = request.session["login"]
    weixin.do_access_token_refresh(state=state, authn_method="client_secret_basic")
    return JsonResponse(weixin.do_user_info_request(state=state).to_dict())


def logout(request):
    state = request.session.get("login")
    request.session.flush()
    if state not in weixin.grant:
        return redirect("/")
    asked = weixin.construct_EndSessionRequest(
        state=state, request_args={"post_logout_redirect_uri": f"{SITE}/"}
    )
    del weixin.grant[state]
    return redirect(asked.request(weixin.end_session_endpoint))


urlpatterns = [
    path("", me),
    path("login", login),
    path("callback", callback),
    path("refresh", refresh),
    path("logout", logout),
]

if __name__ == "__main__":
    server: WSGIServer = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
    print(json.dumps({"listen": server.server_port}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
