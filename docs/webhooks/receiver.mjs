// Takes the webhooks of weixin-login: Node 20.19 or newer, nothing to install.
//   WEBHOOK_SECRET=whsec_… PORT=8000 node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const TOLERANCE = 5 * 60; // seconds

/** The event, or null where the request is nobody's whom we know. `body` is what came, byte for byte. */
export function verified(headers, body, now = Date.now() / 1000) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !(Math.abs(now - Number(timestamp)) <= TOLERANCE)) return null;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  // Several, while one secret takes another's place.
  const good = signatures.split(" ").some((signature) => {
    const [version, value = ""] = signature.split(",");
    const given = Buffer.from(value, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return good ? JSON.parse(body) : null;
}

// Whatever comes twice is done once. A real site keeps these in its database, in the transaction that acts on the event.
const seen = new Set();

const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const event = verified(request.headers, Buffer.concat(pieces));
    if (!event) return response.writeHead(401).end();
    if (!seen.has(request.headers["webhook-id"])) {
      seen.add(request.headers["webhook-id"]);
      console.log(event.type, JSON.stringify(event.data));
    }
    response.writeHead(204).end();
  });
});
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => console.log("listening", server.address().port));
