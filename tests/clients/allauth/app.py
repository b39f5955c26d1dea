"""Django with django-allauth, in one file. A site has these parts in settings.py, views.py and urls.py."""

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
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    # A site gives its own database here.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            # It is off by default, and the service wants it.
            "OAUTH_PKCE_ENABLED": True,
            # Without the default scopes: there is no email here.
            "SCOPE": ["openid", "profile"],
            "APPS": [
                {
                    "provider_id": "weixin",
                    "name": "微信",
                    "client_id": os.environ["CLIENT_ID"],
                    "secret": os.environ["CLIENT_SECRET"],
                    "settings": {"server_url": ISSUER},
                }
            ],
        }
    },
    # Nobody has an email: none is asked for at the first login, and none is waited for.
    SOCIALACCOUNT_EMAIL_REQUIRED=False,
    SOCIALACCOUNT_EMAIL_VERIFICATION="none",
    # A link may begin the login; otherwise it has to be a form.
    SOCIALACCOUNT_LOGIN_ON_GET=True,
)
django.setup()

from django.contrib import auth  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils.http import urlencode  # noqa: E402


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    weixin = request.user.socialaccount_set.get(provider="weixin")
    person = weixin.extra_data["userinfo"]
    return JsonResponse(
        {"sub": weixin.uid, "nickname": person.get("nickname"), "picture": person.get("picture")}
    )


def logout(request):
    # Allauth keeps no ID token that could be the hint, so the service asks before it logs out.
    query = {"client_id": os.environ["CLIENT_ID"], "post_logout_redirect_uri": f"{SITE}/"}
    auth.logout(request)
    return redirect(f"{ISSUER}/logout?" + urlencode(query))


urlpatterns = [
    path("", me),
    path("logout", logout),
    path("accounts/", include("allauth.urls")),
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    server: WSGIServer = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
    print(json.dumps({"listen": server.server_port}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
