# Takes the webhooks of weixin-login: Python 3.9 or newer, nothing to install.
#   WEBHOOK_SECRET=whsec_… PORT=8000 python3 receiver.py
import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE = 5 * 60  # seconds


def verified(headers, body, now=None):
    """The event, or None where the request is nobody's whom we know. `body` is what came, byte for byte."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs((now or time.time()) - int(timestamp)) > TOLERANCE:
        return None
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    # Several, while one secret takes another's place.
    given = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(one.encode(), expected.encode()) for one in given):
        return None
    return json.loads(body)


# Whatever comes twice is done once. A real site keeps these in its database, in the transaction that acts on the event.
seen = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        event = verified(self.headers, self.rfile.read(int(self.headers.get("content-length", 0))))
        if event and self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            print(event["type"], json.dumps(event["data"], separators=(",", ":")), flush=True)
        self.send_response(204 if event else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
