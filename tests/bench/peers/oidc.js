// oidc-provider with a login that asks WeChat, over an adapter that keeps what it must keep in SQLite.
import { createHash, randomBytes } from "node:crypto";
import { Provider } from "oidc-provider";
import { generateKeyPairSync } from "node:crypto";
import { open } from "./store.js";
import { identity } from "./weixin.js";

const database = open();
database.exec(`
  CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, payload TEXT NOT NULL, expires_at INTEGER, grant_id TEXT, uid TEXT, consumed INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS kept_by_grant ON kept (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS kept_by_uid ON kept (uid) WHERE uid IS NOT NULL;
  CREATE TABLE IF NOT EXISTS attempts (state_hash BLOB PRIMARY KEY, uid TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, openid TEXT NOT NULL UNIQUE, nickname TEXT, picture TEXT) WITHOUT ROWID;
`);
const put = database.prepare(
  `INSERT INTO kept VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
   grant_id = excluded.grant_id, uid = excluded.uid`,
);
const get = database.prepare("SELECT payload, consumed FROM kept WHERE name = ? AND (expires_at IS NULL OR expires_at > ?)");
const getByUid = database.prepare("SELECT payload, consumed FROM kept WHERE uid = ? AND (expires_at IS NULL OR expires_at > ?)");
const consume = database.prepare("UPDATE kept SET consumed = ? WHERE name = ?");
const remove = database.prepare("DELETE FROM kept WHERE name = ?");
const removeGrant = database.prepare("DELETE FROM kept WHERE grant_id = ?");
const insertAttempt = database.prepare("INSERT INTO attempts VALUES (?, ?, ?)");
const takeAttempt = database.prepare("DELETE FROM attempts WHERE state_hash = ? AND expires_at > ? RETURNING uid");
const keepPerson = database.prepare(
  `INSERT INTO people VALUES (?, ?, ?, ?)
   ON CONFLICT (openid) DO UPDATE SET nickname = excluded.nickname, picture = excluded.picture RETURNING id`,
);
const findPerson = database.prepare("SELECT id, nickname, picture FROM people WHERE id = ?");

const now = () => Math.floor(Date.now() / 1000);
const word = () => randomBytes(32).toString("hex");
const hash = (text) => createHash("sha256").update(text).digest();
const read = (row) => row && { ...JSON.parse(row.payload), ...(row.consumed ? { consumed: row.consumed } : {}) };

class Adapter {
  constructor(model) {
    this.model = model;
  }
  async upsert(id, payload, expiresIn) {
    const uid = this.model === "Session" ? payload.uid : null;
    put.run(`${this.model}:${id}`, JSON.stringify(payload), expiresIn ? now() + expiresIn : null, payload.grantId ?? null, uid ?? null);
  }
  async find(id) {
    return read(get.get(`${this.model}:${id}`, now()));
  }
  async findByUid(uid) {
    return read(getByUid.get(uid, now()));
  }
  async findByUserCode() {}
  async consume(id) {
    consume.run(now(), `${this.model}:${id}`);
  }
  async destroy(id) {
    remove.run(`${this.model}:${id}`);
  }
  async revokeByGrantId(grantId) {
    removeGrant.run(grantId);
  }
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider("https://login.example.test", {
  adapter: Adapter,
  clients: [
    {
      client_id: "bench",
      client_secret: "bench-secret-0123456789",
      redirect_uris: ["https://bench.example.test/callback"],
      grant_types: ["authorization_code", "refresh_token"],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
  // WeChat comes back to an address of its own, which must see whose interaction it is.
  cookies: { keys: [word()], short: { path: "/" } },
  claims: { openid: ["sub"], profile: ["nickname", "picture"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (_, id) => {
    const person = findPerson.get(id);
    return person && { accountId: id, claims: async () => ({ sub: id, nickname: person.nickname, picture: person.picture }) };
  },
  // WeChat has asked the person: nobody is asked twice.
  loadExistingGrant: async (context) => {
    const { client, session, result } = context.oidc;
    const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
    if (known) return provider.Grant.find(known);
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile offline_access");
    await grant.save();
    return grant;
  },
});
provider.proxy = true;

// The login's own two addresses; the rest is the provider's.
provider.use(async (context, next) => {
  if (context.path.startsWith("/interaction/")) {
    const { uid } = await provider.interactionDetails(context.req, context.res);
    const state = word();
    insertAttempt.run(hash(state), uid, now() + 600);
    const attempt = JSON.stringify({ state }).replaceAll('"', "&quot;");
    context.set("Cache-Control", "no-store");
    context.type = "html";
    context.body = `<!doctype html><title>Log in</title><weixin-login attempt="${attempt}"></weixin-login>`;
  } else if (context.path === "/callback") {
    const attempt = takeAttempt.get(hash(String(context.query.state)), now());
    const details = await provider.interactionDetails(context.req, context.res);
    if (!attempt || attempt.uid !== details.uid) {
      context.status = 400;
      return;
    }
    const who = await identity(String(context.query.code));
    const person = keepPerson.get(word(), who.openid, who.nickname, who.headimgurl);
    const location = await provider.interactionResult(context.req, context.res, { login: { accountId: person.id } });
    context.status = 303;
    context.redirect(location);
    context.status = 303;
  } else {
    await next();
  }
});

const server = provider.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ listen: `127.0.0.1:${server.address().port}` })),
);
process.on("SIGTERM", () => process.exit(0));
