"""Django with social-core, in one file. A site has these parts in settings.py, views.py and urls.py."""

import json
import os
import sys
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings

ISSUER = os.environ["ISSUER"]
SITE = os.environ["SITE"]

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    SECRET_KEY=os.environ["SESSION_SECRET"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "social_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # A site gives its own database here.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    LOGIN_REDIRECT_URL="/",
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=ISSUER,
    SOCIAL_AUTH_OIDC_KEY=os.environ["CLIENT_ID"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["CLIENT_SECRET"],
    # It is off by default, and the service wants it.
    SOCIAL_AUTH_OIDC_USE_PKCE=True,
    # Without the default scopes: there is no email here.
    SOCIAL_AUTH_OIDC_IGNORE_DEFAULT_SCOPE=True,
    SOCIAL_AUTH_OIDC_SCOPE=["openid", "profile", "offline_access"],
    SOCIAL_AUTH_OIDC_EXTRA_DATA=["nickname", "picture"],
    # Else the name is a random one, made up at the first login.
    SOCIAL_AUTH_OIDC_USERNAME_KEY="sub",
    # Seconds by which the two clocks may differ; the default is one.
    SOCIAL_AUTH_OIDC_JWT_LEEWAY=60,
)
django.setup()

from django.contrib import auth  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import include, path, reverse  # noqa: E402
from django.utils.html import format_html  # noqa: E402
from django.utils.http import urlencode  # noqa: E402
from social_django.utils import load_strategy  # noqa: E402


def person_of(weixin):
    return {
        "sub": weixin.uid,
        "nickname": weixin.extra_data.get("nickname"),
        "picture": weixin.extra_data.get("picture"),
    }


def login(request):
    # Only a form begins a login. In a template its first field is {% csrf_token %}.
    form = """<form method="post" action="{}">
<input type="hidden" name="csrfmiddlewaretoken" value="{}"><button>微信登录</button>
</form>"""
    return HttpResponse(format_html(form, reverse("social:begin", args=["oidc"]), get_token(request)))


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse(person_of(request.user.social_auth.get(provider="oidc")))


def refresh(request):
    weixin = request.user.social_auth.get(provider="oidc")
    weixin.refresh_token(load_strategy(request))
    return JsonResponse(person_of(weixin))


def logout(request):
    query = {"post_logout_redirect_uri": f"{SITE}/"}
    if request.user.is_authenticated:
        query["id_token_hint"] = request.user.social_auth.get(provider="oidc").extra_data["id_token"]
    # Without the service a logout would stay within the site: it would log the person in again without asking.
    auth.logout(request)
    return redirect(f"{ISSUER}/logout?" + urlencode(query))


urlpatterns = [
    path("", me),
    path("login", login),
    path("refresh", refresh),
    path("logout", logout),
    path("", include("social_django.urls", namespace="social")),
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    server: WSGIServer = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
    print(json.dumps({"listen": server.server_port}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
