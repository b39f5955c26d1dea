"""A site with a WeChat login of its own, in ten lines of Flask."""

from urllib.parse import urlencode

import requests
from flask import Flask, redirect, request


def site(open_url, api_url, appid, secret):
    app = Flask(__name__)

    def ask(path, query):
        answer = requests.get(f"{api_url}/sns/{path}", params=query)
        answer.encoding = "utf-8"  # WeChat says text/plain without a charset, and requests guesses Latin-1.
        return answer.json()

    @app.get("/login")
    def login():
        query = {"appid": appid, "redirect_uri": request.url_root + "callback", "response_type": "code", "scope": "snsapi_login"}
        return redirect(f"{open_url}/connect/qrconnect?{urlencode({**query, 'state': 's'})}")

    @app.get("/callback")
    def callback():
        query = {"appid": appid, "secret": secret, "code": request.args["code"], "grant_type": "authorization_code"}
        tokens = ask("oauth2/access_token", query)
        return (f"WeChat says {tokens['errcode']}", 502) if "errcode" in tokens else ask("userinfo", tokens)["nickname"]

    return app
