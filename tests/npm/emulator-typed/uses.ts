// A team's tests in TypeScript: every method of the package. Each `@ts-expect-error` is a mistake that the types must catch.

import { connectEmulator, Emulator, startEmulator } from "weixin-emulator";
import type { App, Auto, Call, Fault, Person, RequestRecord, Scenario, StartOptions } from "weixin-emulator";

const person: Person = { id: "li-lei", nickname: "李雷", sex: 1, has_unionid: false, phone_number: "13900000001" };
const app: App = { appid: "wx00112233445566aa", secret: "s", name: "二号店", kind: "mini_program", callback_domains: ["localhost"] };
const auto: Auto = { answer: "allow", after_millis: 200 };
const scenario: Scenario = { apps: [app], people: [person], auto: { phone: auto }, cors: "all" };
const options: StartOptions = { port: 0, scenario, callbackDomains: ["127.0.0.1"], tls: true, caDir: "ca", args: ["--strict-order"], stderr: "inherit" };

async function logIn(authorizeUrl: URL): Promise<string> {
  await using emulator = await startEmulator(options);
  const urls: string[] = [emulator.openUrl, emulator.apiUrl, emulator.desktopUrl, emulator.controlUrl];
  const credentials = [emulator, emulator.serviceAccount, emulator.miniProgram].map(({ appid, secret }) => appid + secret);
  const ca: string | undefined = emulator.caPem ?? emulator.tlsAddress;
  const uuid: string = await emulator.waitForQr({ timeout: "5s" });
  await emulator.scan({ uuid, person: "li-lei" });
  await emulator.allow();
  await emulator.cancel(uuid);
  await emulator.deny(uuid);
  const dialog: Record<string, unknown> = await emulator.waitForDialog();
  await emulator.answerDialog("refuse");
  await emulator.fault("access_token", { errcode: 40029 }, 1);
  await emulator.fault("user_info", { kind: "delay", millis: 2000 });
  await emulator.clearFaults();
  await emulator.advance(301);
  await emulator.auto({ phone: auto, desktop: { answer: "cancel" } });
  await emulator.desktop({ mode: "locked", cors: "weixin_only", port: 2 });
  await emulator.phone({ name: "second", person: "li-lei", snapshot: true });
  await emulator.setPerson(person);
  await emulator.setApp(app);
  const asked: RequestRecord[] = await emulator.requests({ call: "long_poll", since: 3 });
  const first: number = (await emulator.waitForRequest({ call: "auth", timeout: "2m" })).order;
  await emulator.reset(scenario);
  const own: Emulator = await emulator.namespace("suite-2", scenario);
  await own.stop();
  await emulator.control("POST", "/control/js_code", {});
  console.log(urls, credentials, ca, dialog, asked, first);
  return emulator.code(authorizeUrl);
}

async function mistakes(emulator: Emulator) {
  // @ts-expect-error there is no such call
  await emulator.fault("userinfo", { errcode: 1 });
  // @ts-expect-error a delay says how long
  await emulator.fault("user_info", { kind: "delay" });
  // @ts-expect-error nobody answers so
  await emulator.auto({ phone: { answer: "perhaps" } });
  // @ts-expect-error the dialog is allowed or refused
  await emulator.answerDialog("cancel");
  // @ts-expect-error a person has an id
  await emulator.setPerson({ nickname: "李雷" });
  // @ts-expect-error a number of seconds
  await emulator.advance("5m");
  // @ts-expect-error misspelt
  await startEmulator({ callbackDomain: ["127.0.0.1"] });
  // @ts-expect-error it is waited for
  connectEmulator("http://weixin:8080").scan();
}

const calls: Call[] = ["qr_page", "wx_login"];
const faults: Fault[] = [{ errcode: -1 }, { kind: "hang" }, { kind: "error_page", number: 10004 }, { kind: "status", status: 502 }];
export { calls, faults, logIn, mistakes };
