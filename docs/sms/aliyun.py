"""Hands the codes of weixin-login to Alibaba Cloud's SMS (SendSms, 2017-05-25), without any library: python3 docs/sms/aliyun.py

WEBHOOK_SECRET is what stands in the service's sms.secret_file; ACCESS_KEY_ID and ACCESS_KEY_SECRET are a RAM key that may send messages,
SIGN_NAME and TEMPLATE_CODE are the approved ones. The template has one variable: ${code}.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
API = os.environ.get("API", "https://dysmsapi.aliyuncs.com")
LOCK = threading.Lock()
SENT = {}


def is_ours(headers, body):
    identifier, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:
        return False
    signed = f"{identifier}.{at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(signature.encode(), expected.encode()) for signature in given)


def quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


def send(data):
    # Within China numbers go without their country.
    phone = data["phone"].removeprefix("+86").removeprefix("+")
    query = {
        "PhoneNumbers": phone,
        "SignName": os.environ["SIGN_NAME"],
        "TemplateCode": os.environ["TEMPLATE_CODE"],
        "TemplateParam": json.dumps({"code": data["code"]}),
    }
    query = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in sorted(query.items()))
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": urllib.parse.urlsplit(API).netloc,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": empty,
        "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-version": "2017-05-25",
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.digest(os.environ["ACCESS_KEY_SECRET"].encode(), to_sign.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={os.environ['ACCESS_KEY_ID']},SignedHeaders={names},Signature={signature}"
    )
    request = urllib.request.Request(f"{API}/?{query}", method="POST", headers=headers)
    with urllib.request.urlopen(request, timeout=3) as answer:
        said = json.load(answer)
    if said.get("Code") != "OK":
        raise RuntimeError(f"{said.get('Code')}: {said.get('Message')}")


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(self.took(body))
        self.end_headers()

    def took(self, body):
        if not is_ours(self.headers, body):
            return 401
        # The same id is the same message: one whose answer was lost is not sent twice.
        with LOCK:
            for old in [identifier for identifier, at in SENT.items() if at < time.time() - 600]:
                del SENT[old]
            identifier = self.headers["webhook-id"]
            if identifier in SENT:
                return 204
            try:
                send(json.loads(body)["data"])
            except Exception as error:
                print(error, file=sys.stderr, flush=True)
                return 502
            SENT[identifier] = time.time()
        return 204

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Webhook)
print(f"listens on {server.server_port}", flush=True)
server.serve_forever()
