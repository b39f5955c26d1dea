// The hand that holds the phone: the control API as methods. What is not here is reached by `control()`.

const json = { "Content-Type": "application/json" };

export class Emulator {
  #url;
  #newest;

  constructor(addresses, end = async () => {}) {
    Object.assign(this, addresses);
    this.#url = addresses.controlUrl;
    this.stop = async () => end();
  }

  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.stop();
  }

  async control(method, path, body) {
    const response = await fetch(this.#url + path, {
      method,
      ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : JSON.parse(text);
    let word = text;
    try {
      word = JSON.parse(text).error;
    } catch {
      // It is no answer of the control API: said as it is.
    }
    throw new Error(`weixin-emulator: ${method} ${path}: ${word} (${response.status})`);
  }

  async waitForQr({ timeout = "30s" } = {}) {
    return (await this.control("GET", `/control/wait/qr?timeout=${timeout}`)).uuid;
  }

  async scan({ uuid, phone, person, timeout } = {}) {
    const scanned = uuid ?? (await this.waitForQr({ timeout }));
    await this.control("POST", "/control/scan", { uuid: scanned, phone, person });
    this.#newest = scanned;
    return scanned;
  }

  async allow(uuid) {
    await this.#answer("allow", uuid);
  }

  async cancel(uuid) {
    await this.#answer("cancel", uuid);
  }

  async deny(uuid) {
    await this.#answer("deny", uuid);
  }

  async #answer(answer, uuid = this.#newest) {
    if (uuid === undefined) throw new Error(`weixin-emulator: nothing was scanned that ${answer}() could answer: scan() comes first`);
    await this.control("POST", `/control/${answer}`, { uuid });
  }

  async code(authorizeUrl) {
    return (await this.control("POST", "/control/code", { authorize_url: String(authorizeUrl) })).redirect_url;
  }

  waitForDialog({ timeout = "30s" } = {}) {
    return this.control("GET", `/control/wait/dialog?timeout=${timeout}`);
  }

  answerDialog(answer) {
    return this.control("POST", "/control/dialog", { answer });
  }

  fault(call, fault, times) {
    const kind = fault.kind ?? (fault.errcode === undefined ? undefined : "errcode");
    return this.control("POST", "/control/fault", { call, fault: { kind, ...fault }, times });
  }

  clearFaults() {
    return this.control("DELETE", "/control/faults");
  }

  advance(seconds) {
    return this.control("POST", "/control/advance", { seconds });
  }

  auto(autos) {
    return this.control("POST", "/control/auto", autos);
  }

  desktop(settings) {
    return this.control("POST", "/control/desktop", settings);
  }

  phone(settings) {
    return this.control("POST", "/control/phone", settings);
  }

  setPerson(person) {
    return this.control("POST", "/control/person", person);
  }

  setApp(app) {
    return this.control("POST", "/control/app", app);
  }

  requests({ call, since } = {}) {
    return this.control("GET", `/control/requests${query({ call, since })}`);
  }

  waitForRequest({ call, since, timeout = "30s" } = {}) {
    return this.control("GET", `/control/wait/request${query({ call, since, timeout })}`);
  }

  reset(scenario) {
    return this.control("POST", "/control/reset", scenario);
  }

  async namespace(name, scenario) {
    const made = await this.control("PUT", `/control/namespaces/${encodeURIComponent(name)}`, scenario);
    const addresses = { ...this, openUrl: made.open_url, apiUrl: made.api_url, desktopUrl: made.desktop_url, controlUrl: made.control_url };
    return new Emulator(addresses, () => this.control("DELETE", `/control/namespaces/${encodeURIComponent(name)}`));
  }
}

function query(parameters) {
  const told = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return told.length === 0 ? "" : `?${new URLSearchParams(told)}`;
}
