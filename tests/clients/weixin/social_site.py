"""Django with social-core's `weixin` (website app) or `weixinapp` (service account)."""

import json
import os
from wsgiref.simple_server import make_server

import django
from django.conf import settings

WEBSITE = os.environ["KIND"] == "website"
NAME = "weixin" if WEBSITE else "weixinapp"
SETTING = f"SOCIAL_AUTH_{NAME.upper()}"

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    SECRET_KEY="test",
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "social_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    AUTHENTICATION_BACKENDS=[f"social_core.backends.weixin.WeixinOAuth2{'' if WEBSITE else 'APP'}"],
    LOGIN_REDIRECT_URL="/",
    **{
        f"{SETTING}_KEY": os.environ["APPID"],
        f"{SETTING}_SECRET": os.environ["SECRET"],
        # Else it is the website app's.
        **({} if WEBSITE else {f"{SETTING}_SCOPE": ["snsapi_userinfo"], f"{SETTING}_IGNORE_DEFAULT_SCOPE": True}),
        f"{SETTING}_EXTRA_DATA": ["openid", "unionid", "nickname", "headimgurl"],
    },
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from social_core.actions import do_auth  # noqa: E402
from social_django.utils import psa  # noqa: E402


@psa("social:complete")
def login(request, backend):
    return do_auth(request.backend)


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    told = request.user.social_auth.get(provider=NAME).extra_data
    return JsonResponse({name: told.get(name) for name in ("openid", "unionid", "nickname", "headimgurl")})


urlpatterns = [
    path("", me),
    path("login", login, {"backend": NAME}),
    path("", include("social_django.urls", namespace="social")),
]

call_command("migrate", verbosity=0)
server = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
print(json.dumps({"listen": server.server_port}), flush=True)
server.serve_forever()
