// A person logs in by a real browser: node --test. With @playwright/test it is the same, and Playwright brings its own browser.
import assert from "node:assert";
import test, { after, before, beforeEach } from "node:test";
import { chromium } from "playwright-core";
import { startEmulator } from "weixin-emulator";
import { site } from "./site.mjs";

let emulator, browser, server, page;

before(async () => {
  emulator = await startEmulator();
  const { openUrl: open, apiUrl: api, appid, secret } = emulator;
  server = site({ open, api, appid, secret }).listen(0);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage();
});
beforeEach(() => emulator.reset());
after(async () => {
  await browser?.close();
  server?.close();
  await emulator?.stop();
});
const login = () => `http://localhost:${server.address().port}/login`;

test("a person scans and says yes", async () => {
  await page.goto(login());
  await emulator.scan();
  await emulator.allow();
  await page.getByText("陈锴").waitFor();
});

test("a code that WeChat refuses is told", async () => {
  await emulator.fault("access_token", { errcode: 40029 }, 1);
  await page.goto(login());
  await emulator.scan({ person: "lin-xiaoman" });
  await emulator.allow();
  await page.getByText("WeChat says 40029").waitFor();
});

test("a login without a browser", async () => {
  const start = await fetch(login(), { redirect: "manual" });
  const callback = await fetch(await emulator.code(start.headers.get("location")));
  assert.equal(await callback.text(), "陈锴");
});
