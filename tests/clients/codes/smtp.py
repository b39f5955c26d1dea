"""A mail server that takes nothing without TLS and without a password, and prints what it takes, one JSON object a line."""

import email
import email.policy
import json
import os
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data.login.decode(),
            "tls": session.ssl is not None,
            "subject": message["subject"],
            "text": message.get_body(("plain",)).get_content(),
            "html": message.get_body(("html",)).get_content(),
        }
        print(json.dumps(said), flush=True)
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    known = data.login == b"login@shop.example" and data.password == os.environ["PASSWORD"].encode()
    return AuthResult(success=known, auth_data=data)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
Controller(
    Handler(),
    hostname="127.0.0.1",
    port=int(os.environ["PORT"]),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    auth_require_tls=True,
    authenticator=authenticate,
).start()
print(json.dumps("listens"), flush=True)
while os.read(0, 1):
    pass
