"""A site with wechatpy and nothing else: for a website app or a service account, with a state or without one."""

import json
import os
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import make_server

from wechatpy.oauth import WeChatOAuth

SITE = os.environ["SITE"]
WEBSITE = os.environ["KIND"] == "website"
STATE = os.environ.get("STATE", "")
logged_in = {}


def weixin():
    return WeChatOAuth(
        os.environ["APPID"], os.environ["SECRET"], f"{SITE}/callback", scope="snsapi_userinfo", state=STATE
    )


def answer(environ):
    path = environ["PATH_INFO"]
    if path == "/login":
        return "302 Found", [("Location", weixin().qrconnect_url if WEBSITE else weixin().authorize_url)], {}
    if path == "/callback":
        query = parse_qs(environ["QUERY_STRING"])
        if query.get("state", [""]) != [STATE]:
            return "403 Forbidden", [], {}
        oauth = weixin()
        tokens = oauth.fetch_access_token(query["code"][0])
        logged_in[tokens["openid"]] = oauth
        return "302 Found", [("Location", "/"), ("Set-Cookie", f"openid={tokens['openid']}; Path=/")], {}
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("openid")
    oauth = logged_in.get(cookie.value) if cookie else None
    if oauth is None:
        return "401 Unauthorized", [], {}
    if path == "/refresh":
        oauth.refresh_access_token(oauth.refresh_token)
        return "200 OK", [], {"lives": oauth.check_access_token()}
    person = oauth.get_user_info()
    return "200 OK", [], {name: person.get(name) for name in ("openid", "unionid", "nickname", "headimgurl")}


def application(environ, start_response):
    status, headers, body = answer(environ)
    start_response(status, [*headers, ("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


server = make_server("127.0.0.1", int(urlsplit(SITE).port), application)
print(json.dumps({"listen": server.server_port}), flush=True)
server.serve_forever()
