"""Django with Authlib, in one file. A site has these three parts in settings.py, views.py and urls.py."""

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
    AUTHLIB_OAUTH_CLIENTS={
        "weixin": {
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["CLIENT_SECRET"],
            "server_metadata_url": os.environ["ISSUER"] + "/.well-known/openid-configuration",
            "client_kwargs": {
                "scope": "openid profile offline_access",
                "code_challenge_method": "S256",
            },
        }
    },
)
django.setup()

from authlib.integrations.django_client import OAuth  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.http import urlencode  # noqa: E402

SITE = os.environ["SITE"]

oauth = OAuth()
oauth.register("weixin")


def login(request):
    return oauth.weixin.authorize_redirect(request, f"{SITE}/callback")


def callback(request):
    # Checks state, verifier, nonce, and the ID token's signature, issuer and audience.
    token = oauth.weixin.authorize_access_token(request)
    person = oauth.weixin.userinfo(token=token)
    request.session.cycle_key()
    request.session["person"] = {
        "sub": token["userinfo"]["sub"],
        "sid": token["userinfo"]["sid"],
        "nickname": person.get("nickname"),
        "picture": person.get("picture"),
    }
    request.session["refresh_token"] = token["refresh_token"]
    request.session["id_token"] = token["id_token"]
    return redirect("/")


def me(request):
    person = request.session.get("person")
    return JsonResponse(person or {}, status=200 if person else 401)


def refresh(request):
    token = oauth.weixin.fetch_access_token(
        grant_type="refresh_token", refresh_token=request.session["refresh_token"]
    )
    request.session["refresh_token"] = token["refresh_token"]
    request.session["id_token"] = token["id_token"]
    return JsonResponse(oauth.weixin.userinfo(token=token))


def logout(request):
    query = {
        "id_token_hint": request.session.get("id_token"),
        "post_logout_redirect_uri": f"{SITE}/",
    }
    request.session.flush()
    metadata = oauth.weixin.load_server_metadata()
    return redirect(metadata["end_session_endpoint"] + "?" + urlencode(query))


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
