import { createHash, randomBytes } from "node:crypto";
import { Panel } from "./panel";

export const dynamic = "force-dynamic";

// The element rendered on the server, with the link inside; who logs in here is not asked.
export default function Page() {
  const codeChallenge = createHash("sha256").update(randomBytes(32)).digest("base64url");
  return <Panel service={process.env.WEIXIN_LOGIN!} clientId={process.env.CLIENT_ID!} codeChallenge={codeChallenge} />;
}
