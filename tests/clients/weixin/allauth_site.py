"""Django with django-allauth's `weixin`."""

import json
import os
from wsgiref.simple_server import make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    SECRET_KEY="test",
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.weixin",
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
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    SOCIALACCOUNT_PROVIDERS={
        "weixin": {"APPS": [{"client_id": os.environ["APPID"], "secret": os.environ["SECRET"]}]}
    },
    SOCIALACCOUNT_EMAIL_REQUIRED=False,
    SOCIALACCOUNT_EMAIL_VERIFICATION="none",
    SOCIALACCOUNT_LOGIN_ON_GET=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import include, path  # noqa: E402


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    told = request.user.socialaccount_set.get(provider="weixin").extra_data
    return JsonResponse({name: told.get(name) for name in ("openid", "unionid", "nickname", "headimgurl")})


urlpatterns = [
    path("", me),
    path("login", lambda request: redirect("/accounts/weixin/login/")),
    path("accounts/", include("allauth.urls")),
]

call_command("migrate", verbosity=0)
server = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
print(json.dumps({"listen": server.server_port}), flush=True)
server.serve_forever()
