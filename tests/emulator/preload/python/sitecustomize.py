"""Leads WeChat's names to an emulator on this machine, for a Python program that has them built in.

Python loads it by itself from a folder in PYTHONPATH:
    PYTHONPATH=…/python REQUESTS_CA_BUNDLE=…/ca.pem SSL_CERT_FILE=…/ca.pem WEIXIN_EMULATOR_TLS=127.0.0.1:8443 python program.py
The certificate is still asked for under WeChat's name.
"""

import os
import socket
import sys

NAMES = {
    "open.weixin.qq.com", "lp.open.weixin.qq.com", "api.weixin.qq.com", "mp.weixin.qq.com", "res.wx.qq.com",
    "thirdwx.qlogo.cn", "wx.qlogo.cn",
}


def _place(variable, default):
    host, _, port = os.environ.get(variable, default).rpartition(":")
    return host.strip("[]"), int(port)


_TLS = _place("WEIXIN_EMULATOR_TLS", "127.0.0.1:443")
_DESKTOP = _place("WEIXIN_EMULATOR_DESKTOP", "127.0.0.1:14013")
_getaddrinfo = socket.getaddrinfo


def _led(host, port, *rest, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if name in NAMES:
        host, port = _TLS
    elif name == "localhost.weixin.qq.com":
        host, port = _DESKTOP
    return _getaddrinfo(host, port, *rest, **named)


socket.getaddrinfo = _led


def _go_on():
    # Another sitecustomize, of a distribution or a test runner, is not to be lost for this one.
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in sys.path:
        file = os.path.join(folder, "sitecustomize.py")
        if folder and os.path.abspath(folder) != here and os.path.isfile(file):
            with open(file, encoding="utf-8") as text:
                exec(compile(text.read(), file, "exec"), {"__name__": "sitecustomize", "__file__": file})
            return


_go_on()
