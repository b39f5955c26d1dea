// A login with WeChat as a site writes it for itself, made well: statements prepared once, one transaction where one can do it, state
// bound to the browser and taken once before the code is spent, nothing but hashes of secrets in the file.
import { createHash, randomBytes } from "node:crypto";
import express from "express";
import { open } from "./store.js";
import { identity } from "./weixin.js";

const database = open();
database.exec(`
  CREATE TABLE IF NOT EXISTS attempts (state_hash BLOB PRIMARY KEY, secret_hash BLOB NOT NULL, return_to TEXT NOT NULL,
    expires_at INTEGER NOT NULL, taken_at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, openid TEXT NOT NULL UNIQUE, nickname TEXT, picture TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (secret_hash BLOB PRIMARY KEY, person TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
`);
const insertAttempt = database.prepare("INSERT INTO attempts VALUES (?, ?, ?, ?, NULL)");
const takeAttempt = database.prepare(
  `UPDATE attempts SET taken_at = ?1 WHERE state_hash = ?2 AND secret_hash = ?3 AND taken_at IS NULL AND expires_at > ?1
   RETURNING return_to`,
);
const keepPerson = database.prepare(
  `INSERT INTO people VALUES (?, ?, ?, ?)
   ON CONFLICT (openid) DO UPDATE SET nickname = excluded.nickname, picture = excluded.picture RETURNING id`,
);
const insertSession = database.prepare("INSERT INTO sessions VALUES (?, ?, ?)");
const findSession = database.prepare(
  `SELECT id, nickname, picture FROM sessions JOIN people ON id = person WHERE secret_hash = ? AND expires_at > ?`,
);
const enter = database.transaction((who, secretHash) => {
  const person = keepPerson.get(word(), who.openid, who.nickname, who.headimgurl);
  insertSession.run(secretHash, person.id, now() + 7 * 24 * 3600);
});

const word = () => randomBytes(32).toString("hex");
const hash = (text) => createHash("sha256").update(text).digest();
const now = () => Math.floor(Date.now() / 1000);
const flags = "Path=/; HttpOnly; Secure; SameSite=Lax";

function cookie(request, name) {
  for (const pair of (request.headers.cookie ?? "").split("; ")) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return "";
}

const app = express();
app.disable("x-powered-by");
app.disable("etag");

app.get("/login", (request, response) => {
  const [state, secret] = [word(), word()];
  insertAttempt.run(hash(state), hash(secret), String(request.query.return_to ?? "/"), now() + 600);
  const attempt = JSON.stringify({ state }).replaceAll('"', "&quot;");
  response.setHeader("Set-Cookie", `attempt=${secret}; Max-Age=600; ${flags}`);
  response.setHeader("Cache-Control", "no-store");
  response.type("html").send(`<!doctype html><title>Log in</title><weixin-login attempt="${attempt}"></weixin-login>`);
});

app.get("/callback", async (request, response) => {
  const { code, state } = request.query;
  const attempt = takeAttempt.get(now(), hash(String(state)), hash(cookie(request, "attempt")));
  if (!attempt) return response.status(400).send("start again");
  const who = await identity(String(code));
  const secret = word();
  enter(who, hash(secret));
  response.setHeader("Set-Cookie", [`session=${secret}; Max-Age=604800; ${flags}`, `attempt=; Max-Age=0; ${flags}`]);
  response.redirect(303, attempt.return_to);
});

app.get("/session", (request, response) => {
  const person = findSession.get(hash(cookie(request, "session")), now());
  if (!person) return response.status(401).end();
  response.setHeader("Cache-Control", "no-store");
  response.json({ sub: person.id, nickname: person.nickname, picture: person.picture });
});

const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ listen: `127.0.0.1:${server.address().port}` })));
process.on("SIGTERM", () => process.exit(0));
