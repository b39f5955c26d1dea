// Hands the codes of weixin-login to Tencent Cloud's SMS (SendSms, 2021-01-11), without any library: node docs/sms/tencent.mjs
//
// WEBHOOK_SECRET is what stands in the service's sms.secret_file; SECRET_ID and SECRET_KEY are a CAM key that may send messages, SDK_APP_ID,
// SIGN_NAME and TEMPLATE_ID are the approved ones. The template has two variables: the code, and for how many minutes it is good.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { WEBHOOK_SECRET, SECRET_ID, SECRET_KEY, SDK_APP_ID, SIGN_NAME, TEMPLATE_ID } = process.env;
const { REGION = "ap-guangzhou", API = "https://sms.tencentcloudapi.com", PORT = "8090" } = process.env;
const key = Buffer.from(WEBHOOK_SECRET.replace("whsec_", ""), "base64");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const sent = new Map();

function isOurs(headers, body) {
  const at = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - at) < 300)) return false;
  const expected = hmac(key, `${headers["webhook-id"]}.${at}.${body}`);
  return (headers["webhook-signature"] ?? "").split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

async function send({ phone, code, expires_in }) {
  const host = new URL(API).host;
  const body = JSON.stringify({
    PhoneNumberSet: [phone],
    SmsSdkAppId: SDK_APP_ID,
    SignName: SIGN_NAME,
    TemplateId: TEMPLATE_ID,
    TemplateParamSet: [code, String(Math.ceil(expires_in / 60))],
  });
  const now = Math.floor(Date.now() / 1000);
  const date = new Date(now * 1000).toISOString().slice(0, 10);
  const type = "application/json; charset=utf-8";
  const signedHeaders = "content-type;host;x-tc-action";
  const request = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-tc-action:sendsms\n\n${signedHeaders}\n${sha256(body)}`;
  const scope = `${date}/sms/tc3_request`;
  const toSign = `TC3-HMAC-SHA256\n${now}\n${scope}\n${sha256(request)}`;
  const signing = hmac(hmac(hmac(`TC3${SECRET_KEY}`, date), "sms"), "tc3_request");
  const signature = hmac(signing, toSign).toString("hex");
  const answer = await fetch(API, {
    method: "POST",
    headers: {
      Authorization: `TC3-HMAC-SHA256 Credential=${SECRET_ID}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      "Content-Type": type,
      "X-TC-Action": "SendSms",
      "X-TC-Region": REGION,
      "X-TC-Timestamp": String(now),
      "X-TC-Version": "2021-01-11",
    },
    body,
  });
  const { Response } = await answer.json();
  const refused = Response.Error ?? Response.SendStatusSet.find((status) => status.Code !== "Ok");
  if (refused) throw new Error(`${refused.Code}: ${refused.Message}`);
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const id = request.headers["webhook-id"];
  try {
    if (!isOurs(request.headers, body)) return response.writeHead(401).end();
    // The same id is the same message: one whose answer was lost is not sent twice.
    if (!sent.has(id)) sent.set(id, send(JSON.parse(body).data));
    await sent.get(id);
    response.writeHead(204).end();
  } catch (error) {
    sent.delete(id);
    console.error(error.message);
    response.writeHead(502).end();
  } finally {
    setTimeout(() => sent.delete(id), 600_000).unref();
  }
}).listen(Number(PORT), "127.0.0.1", function () {
  console.log(`listens on ${this.address().port}`);
});
