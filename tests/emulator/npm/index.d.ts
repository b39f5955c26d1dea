/** A call to WeChat that can go wrong, and under which a request is logged. */
export type Call =
  | "qr_page" | "qr_image" | "long_poll" | "confirm" | "service_account" | "check_login" | "authorize"
  | "access_token" | "refresh_token" | "user_info" | "auth" | "avatar" | "js_code" | "app_token" | "scene_qr"
  | "follower" | "js_ticket" | "phone_number" | "wx_login";

/** One way for a call to go wrong. `{ errcode }` alone is WeChat's own way: status 200 and that number. */
export type Fault =
  | { kind?: "errcode"; errcode: number }
  | { kind: "delay"; millis: number }
  | { kind: "status"; status: number }
  | { kind: "error_page"; number: number }
  | { kind: "hang" | "cut" | "lose_answer" | "html" | "huge" };

export type AutoAnswer = "allow" | "refuse" | "cancel";
export interface Auto { answer: AutoAnswer; after_millis?: number }

export interface AppCredentials { appid: string; secret: string }

export interface Person {
  /** The emulator's own handle: a-z, 0-9 and -. */
  id: string;
  nickname: string;
  headimgurl?: string;
  sex?: 0 | 1 | 2;
  province?: string;
  city?: string;
  country?: string;
  has_unionid?: boolean;
  phone_number?: string;
}

export interface App extends AppCredentials {
  name: string;
  kind?: "website" | "service_account" | "mini_program";
  callback_domains?: string[];
  unionid?: boolean;
  scan_only?: boolean;
}

/** Who exists; its whole schema is at /control/scenario.schema.json. */
export interface Scenario {
  apps?: App[];
  people?: Person[];
  auto?: { phone?: Auto; desktop?: Auto };
  [more: string]: unknown;
}

export interface RequestRecord {
  /** Counted from 1 on. */
  order: number;
  call: Call | "other";
  method: string;
  path: string;
  [more: string]: unknown;
}

export interface StartOptions {
  /** A free one when left out. */
  port?: number;
  scenario?: Scenario;
  /** Hosts that every app may redirect to, besides localhost and *.example.test. */
  callbackDomains?: string[];
  /** https under WeChat's real names as well. */
  tls?: boolean;
  /** The folder that keeps the certificate authority; implies `tls`. */
  caDir?: string;
  /** More of the program's own arguments: `weixin-emulator --help`. */
  args?: string[];
  /** Where its log goes; it is kept back when left out. */
  stderr?: "ignore" | "inherit";
}

/** WeChat's side, and the hand that holds the phone. A call that makes no sense throws, with what the emulator says of it. */
export class Emulator {
  /** In the place of https://open.weixin.qq.com. */
  readonly openUrl: string;
  /** In the place of https://api.weixin.qq.com. */
  readonly apiUrl: string;
  /** In the place of https://localhost.weixin.qq.com:14013. */
  readonly desktopUrl: string;
  /** The control page, and the control API below it. */
  readonly controlUrl: string;
  /** Of the website app. */
  readonly appid: string;
  readonly secret: string;
  readonly serviceAccount: AppCredentials;
  readonly miniProgram: AppCredentials;
  /** With `tls`: the certificate authority to trust, and where https is served. */
  readonly caPem?: string;
  readonly tlsAddress?: string;

  /** The uuid of the QR code that waits for a scan, as soon as there is one. */
  waitForQr(options?: { timeout?: string }): Promise<string>;
  /** The phone scans the QR code that is shown, once one is; gives its uuid. */
  scan(options?: { uuid?: string; phone?: string; person?: string; timeout?: string }): Promise<string>;
  /** The person says yes to what was scanned last. */
  allow(uuid?: string): Promise<void>;
  /** The person cancels: the page says so, and the site hears nothing. */
  cancel(uuid?: string): Promise<void>;
  /** The person refuses, and the site is told. */
  deny(uuid?: string): Promise<void>;
  /** A login without a browser: where the browser would be sent from this authorize page. */
  code(authorizeUrl: string | URL): Promise<string>;
  waitForDialog(options?: { timeout?: string }): Promise<Record<string, unknown>>;
  answerDialog(answer: "allow" | "refuse"): Promise<void>;
  /** Makes the next `times` calls go wrong; without `times` all of them, until `clearFaults()`. */
  fault(call: Call, fault: Fault, times?: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** Moves WeChat's clock forward. */
  advance(seconds: number): Promise<void>;
  /** What phone and desktop do by themselves from now on. */
  auto(autos: { phone?: Auto; desktop?: Auto }): Promise<void>;
  desktop(settings: { mode?: string; cors?: "all" | "weixin_only"; person?: string; port?: number }): Promise<void>;
  phone(settings: { name?: string; person?: string; snapshot?: boolean }): Promise<void>;
  setPerson(person: Person): Promise<void>;
  setApp(app: App): Promise<void>;
  requests(which?: { call?: Call; since?: number }): Promise<RequestRecord[]>;
  waitForRequest(which?: { call?: Call; since?: number; timeout?: string }): Promise<RequestRecord>;
  /** Begins anew, with this scenario or as at the start. */
  reset(scenario?: Scenario): Promise<void>;
  /** A world of its own, for a suite beside others; its `stop()` ends it. */
  namespace(name: string, scenario?: Scenario): Promise<Emulator>;
  /** Any other route of the control API. */
  control(method: string, path: string, body?: unknown): Promise<any>;
  /** Ends the program that `startEmulator` began. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts an emulator on free ports of this machine. */
export function startEmulator(options?: StartOptions): Promise<Emulator>;
/** One that runs already, such as a container beside the tests: its `stop()` leaves it running. */
export function connectEmulator(url: string | URL): Promise<Emulator>;
