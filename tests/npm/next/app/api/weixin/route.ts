import { createHash, randomBytes } from "node:crypto";
import { cookies } from "next/headers";

const { WEIXIN_LOGIN, CLIENT_ID, SITE } = process.env;
const COOKIE = { httpOnly: true, sameSite: "strict", secure: SITE?.startsWith("https:"), maxAge: 600 } as const;

const random = () => randomBytes(32).toString("base64url");

// Begins a login: the page gets the challenge and the state. The verifier is for this server alone.
export async function GET() {
  const begun = { verifier: random(), state: random() };
  (await cookies()).set("login", JSON.stringify(begun), COOKIE);
  const codeChallenge = createHash("sha256").update(begun.verifier).digest("base64url");
  return Response.json({ codeChallenge, state: begun.state });
}

// Ends it: the code is redeemed here, where the verifier is.
export async function POST(request: Request) {
  const { code, state } = await request.json();
  const begun = JSON.parse((await cookies()).get("login")?.value ?? "{}");
  (await cookies()).delete("login");
  if (!state || state !== begun.state) return new Response("not begun here", { status: 403 });

  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: CLIENT_ID!,
    redirect_uri: `web_message:${SITE}`,
    code_verifier: begun.verifier,
  });
  const answer = await fetch(`${WEIXIN_LOGIN}/token`, { method: "POST", body });
  if (!answer.ok) return new Response("the code was not taken", { status: 403 });

  const { access_token } = await answer.json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const { sub, nickname } = await (await fetch(`${WEIXIN_LOGIN}/userinfo`, { headers })).json();
  // `sub` is who it is, for good. The site's own session begins here.
  return Response.json({ sub, nickname });
}
