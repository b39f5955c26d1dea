"""Django with mozilla-django-oidc, in one file. A site has these parts in settings.py, auth.py, views.py and urls.py."""

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
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # A site gives its own database here.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AUTHENTICATION_BACKENDS=[f"{__name__}.WeixinBackend"],
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SCOPES="openid profile",
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_USE_PKCE=True,
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/jwks",
    # Without these a logout stays within the site: the service would log the person in again without asking.
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.logout_at_the_service",
    # A link may log out; otherwise only a form does.
    ALLOW_LOGOUT_GET_METHOD=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils.http import urlencode  # noqa: E402
from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402


class WeixinBackend(OIDCAuthenticationBackend):
    """Knows a person by `sub`. There is no email: by default all who have none get one user name, and the second of them fails."""

    def verify_claims(self, claims):
        return bool(claims.get("sub"))

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        user = self.UserModel.objects.create_user(claims["sub"])
        return self.update_user(user, claims)

    def update_user(self, user, claims):
        # A nickname changes. The avatar wants a field of the site's own; here it is in the session.
        user.first_name = claims.get("nickname", "")
        user.save(update_fields=["first_name"])
        self.request.session["picture"] = claims.get("picture")
        return user


def logout_at_the_service(request):
    query = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": f"{SITE}/",
    }
    return f"{ISSUER}/logout?" + urlencode(query)


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse(
        {
            "sub": request.user.username,
            "nickname": request.user.first_name,
            "picture": request.session.get("picture"),
        }
    )


urlpatterns = [path("", me), path("oidc/", include("mozilla_django_oidc.urls"))]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    server: WSGIServer = make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application())
    print(json.dumps({"listen": server.server_port}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
