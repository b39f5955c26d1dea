// Starts the program for a test, or finds one that runs already, and gives the hand that holds the phone.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary } from "./binary.js";
import { Emulator } from "./control.js";

export { Emulator };

export async function startEmulator(options = {}) {
  const { scenario, args = [], stderr = "ignore" } = options;
  const folder = scenario === undefined ? undefined : await mkdtemp(join(tmpdir(), "weixin-emulator-"));
  const given = [...args];
  if (options.port !== undefined) given.push("--port", String(options.port));
  for (const domain of options.callbackDomains ?? []) given.push("--callback-domain", domain);
  if (options.tls || options.caDir !== undefined) given.push("--tls");
  if (options.caDir !== undefined) given.push("--ca-dir", options.caDir);
  if (folder !== undefined) {
    const file = join(folder, "scenario.json");
    await writeFile(file, JSON.stringify(scenario));
    given.push("--scenario", file);
  }
  const child = spawn(binary(), given, { stdio: ["ignore", "pipe", stderr === "inherit" ? "inherit" : "pipe"] });
  let said = "";
  child.stderr?.on("data", (text) => (said = (said + text).slice(-4000)));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  // A test program that ends by an error, or forgets to stop it, leaves nothing behind.
  const last = () => child.kill("SIGKILL");
  process.once("exit", last);
  child.once("exit", () => process.removeListener("exit", last));
  const stop = async () => {
    child.kill();
    await gone;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("error", reject);
    gone.then((code) => reject(new Error(`weixin-emulator did not start (${code}): ${said.trim()}`)));
  }).catch(async (error) => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    throw error;
  });
  // The test's own event loop ends when the test does.
  child.unref();
  child.stdout.unref?.();
  child.stderr?.unref?.();
  return new Emulator(addresses(JSON.parse(line)), stop);
}

export async function connectEmulator(url) {
  const controlUrl = String(url).replace(/\/$/, "");
  const emulator = new Emulator({ controlUrl });
  const { urls, apps } = await emulator.control("GET", "/control/state");
  const line = { open_url: urls.open, api_url: urls.api, desktop_url: urls.desktop, control_url: controlUrl };
  for (const [kind, before] of [["website", ""], ["service_account", "service_account_"], ["mini_program", "mini_program_"]]) {
    const app = apps.find((one) => one.kind === kind);
    if (app) Object.assign(line, { [`${before}appid`]: app.appid, [`${before}secret`]: app.secret });
  }
  return new Emulator(addresses(line));
}

function addresses(line) {
  const app = (before) => ({ appid: line[`${before}appid`], secret: line[`${before}secret`] });
  return {
    openUrl: line.open_url,
    apiUrl: line.api_url,
    desktopUrl: line.desktop_url,
    controlUrl: line.control_url,
    ...app(""),
    serviceAccount: app("service_account_"),
    miniProgram: app("mini_program_"),
    caPem: line.ca_pem,
    tlsAddress: line.open_address,
  };
}
