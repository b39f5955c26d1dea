/** Where a login stands. */
export type Phase =
  | "loading"
  | "probing"
  | "fast-login"
  | "confirming"
  | "qr"
  | "scanned"
  | "binding"
  | "success"
  | "expired"
  | "denied"
  | "error";

/** Why there is no login: stable words. */
export type LoginErrorCode =
  /** An attribute is missing or malformed. */
  | "invalid_request"
  /** The service knows no client of this id. */
  | "unknown_client"
  /** The page's origin is not among the client's. */
  | "unregistered_origin"
  /** The service does not know the attempt, or another browser began it. */
  | "unknown_attempt"
  /** The attempt is over: nobody answered in time. */
  | "attempt_expired"
  /** The attempt has been answered already. */
  | "attempt_used"
  /** The person refused. */
  | "access_denied"
  /** WeChat no longer takes its code. */
  | "code_spent"
  /** WeChat showed a virtual person, on a snapshot page. */
  | "virtual_person"
  /** The service's code, or its verifier, is not good. */
  | "invalid_grant"
  /** Nobody is logged in. */
  | "login_required"
  /** WeChat is busy, or the service cannot reach its store. */
  | "temporarily_unavailable"
  /** Too many requests from this address. */
  | "slow_down"
  /** The service is set up wrongly; its log says how. */
  | "misconfigured"
  /** Something else went wrong in the service; its log says what. */
  | "server_error"
  /** The browser has no network. */
  | "offline"
  /** The login service does not answer. */
  | "service_unreachable"
  /** It answers, but not under this address: its `public_url` is another. */
  | "wrong_address"
  /** WebAssembly does not run here, or the page is no secure context. */
  | "unsupported"
  /** WeChat's page stays silent in its frame. */
  | "blocked"
  /** The page's service worker answers in the place of the service, and its page is in the frame. */
  | "callback_intercepted"
  /** The widget's wasm stopped in the middle: a bug of ours. The link inside is shown. */
  | "crashed"
  /** The dialog was closed; of {@link login} only. */
  | "cancelled";

/** The site's own session cookie is set. Name and picture are for greeting; they prove nothing. */
export interface SessionResult {
  result: "session";
  nickname: string;
  picture?: string;
}

/** A code, for the site's backend to redeem at the service's `/token` with the verifier that it made. */
export interface CodeResult {
  result: "code";
  code: string;
  /** The site's own, as given by the attribute `state`. */
  state?: string;
  /** The service's issuer (RFC 9207). */
  iss: string;
}

export type LoginResult = SessionResult | CodeResult;

/** What the site's backend makes for one attempt with `result: "code"`, and keeps the other half of. */
export interface Fresh {
  /** S256 of the verifier that the site's backend made (RFC 7636). */
  codeChallenge: string;
  /** OpenID Connect's nonce. */
  nonce?: string;
  /** The site's own state, given back with the code. */
  state?: string;
}

/** The element's attributes, in camelCase. */
export interface LoginOptions {
  /** The login service's address: a path such as `/weixin`, or `https://login.example.com`. */
  service?: string;
  /** The client's id in the service's configuration. */
  clientId: string;
  /** By default `session` where the service is on the page's own origin, `code` elsewhere. */
  result?: "session" | "code";
  /** Where a login that leaves the page comes back to: a path. */
  returnTo?: string;
  /** `zh-CN`, `zh-TW` or `en`; by default the page's. */
  lang?: string;
  /** `auto` by default. */
  theme?: "auto" | "light" | "dark";
  /** Never ask the WeChat on this computer. */
  noFastLogin?: boolean;
  /** Never frame WeChat's page: the QR code opens as a page of its own. */
  noFrame?: boolean;
  /** With `code`: S256 of the verifier that the site's backend made (RFC 7636). */
  codeChallenge?: string;
  /** With `code`: OpenID Connect's nonce, made by the site's backend. */
  nonce?: string;
  /** With `code`: the site's own state, given back with the code. */
  state?: string;
  /**
   * Where the login goes on where it has to leave the page (inside WeChat, on a phone, with `noFrame`, without wasm): the service's
   * login page or the site's own login start. Without it such a login is refused.
   */
  page?: string;
  /** With `code`: asked for a fresh challenge, nonce and state before the QR code is renewed. Without it, it is renewed no more. */
  renew?: () => Fresh | PromiseLike<Fresh>;
}

/** A login that did not come about. */
export class LoginError extends Error {
  readonly code: LoginErrorCode;
  constructor(code: LoginErrorCode, message: string, cause?: unknown);
}

/**
 * Opens the login in a dialog. It always settles; two calls at once share one dialog.
 *
 * @returns what `weixin-login-success` carries; which of the two it is follows `result`, or else where the service is
 * @throws {LoginError} when the dialog is closed, or nothing can be shown
 * @example
 * const { nickname } = await login({ service: "/weixin", clientId: "shop", result: "session" });
 */
export function login(options: LoginOptions & { result: "session" }): Promise<SessionResult>;
export function login(options: LoginOptions & { result: "code" }): Promise<CodeResult>;
export function login(options: LoginOptions): Promise<LoginResult>;

/** Defines `<weixin-login>`, once. Does nothing where there is no window. */
export function defineElement(name?: string): void;

/** Why the dialog went, or the element. */
export type CloseReason =
  /** The person is logged in. */
  | "success"
  /** The person closed it, and there is no login. */
  | "cancelled"
  /** The person closed it after agreeing: the service has the last word, and success or an error is told later. */
  | "finishing"
  /** The page took the element out. */
  | "removed";

/** `weixin-login-renew`. */
export interface RenewEvent extends CustomEvent<null> {
  /** Gives what the next attempt begins with, or will give it. To be called while the event is heard. */
  respondWith(fresh: Fresh | PromiseLike<Fresh>): void;
}

/** The element's events, which bubble and cross shadow roots. */
export interface WeixinLoginEventMap {
  /** The login has come to another phase. */
  "weixin-login-phase": CustomEvent<{ phase: Phase }>;
  /** The person is logged in. */
  "weixin-login-success": CustomEvent<LoginResult>;
  /** There is no login, and why. */
  "weixin-login-error": CustomEvent<{ code: LoginErrorCode; message: string; cause?: unknown }>;
  /** The dialog has gone, and why. */
  "weixin-login-close": CustomEvent<{ reason: CloseReason }>;
  /** With `result="code"`: the QR code is to be renewed, and its attempt needs values of its own. */
  "weixin-login-renew": RenewEvent;
}

/**
 * `<weixin-login>`. Every attribute is a property as well, which reads as a text, empty where the attribute is not there; null and
 * undefined take it away. `lang` and `nonce` are every element's own.
 *
 * @slot - A link to the login on a page of its own, for browsers and policies that cannot run the widget.
 * @csspart panel - The whole panel.
 * @csspart header - Its head: mark, title, site.
 * @csspart title - The heading.
 * @csspart site - The site's name.
 * @csspart body - The middle.
 * @csspart footer - Below: notes and offers.
 * @csspart card - Fast login.
 * @csspart avatar - An avatar.
 * @csspart nickname - The person's name on the card.
 * @csspart subtitle - The heading of a notice.
 * @csspart hint - A sentence below a heading.
 * @csspart note - A word about what happened before.
 * @csspart code - The code of an error.
 * @csspart button - Every button.
 * @csspart primary - The one that goes on.
 * @csspart second - The one beside it.
 * @csspart quiet - The ones that lead elsewhere.
 * @csspart frame - WeChat's page with the QR code.
 * @csspart by-hand - An address that is to be copied by hand, and the sentence above it.
 * @csspart address - Its field.
 * @csspart silent - In the frame's place, where WeChat's page stays silent.
 * @csspart trigger - With display="button": the button.
 * @csspart dialog - With display="button": the dialog.
 * @csspart close - The dialog's close button.
 * @cssprop --weixin-login-width - 320px
 * @cssprop --weixin-login-accent - Buttons and links; 4.5:1 against the background is yours to keep.
 * @cssprop --weixin-login-on-accent - Text on it.
 * @cssprop --weixin-login-background - The panel.
 * @cssprop --weixin-login-text - Text.
 * @cssprop --weixin-login-muted - Quieter text.
 * @cssprop --weixin-login-border - Lines.
 * @cssprop --weixin-login-soft - Quiet surfaces.
 * @cssprop --weixin-login-warning - Notes.
 * @cssprop --weixin-login-radius - The panel's corners, 16px.
 * @cssprop --weixin-login-button-radius - The buttons' corners, 10px.
 * @cssprop --weixin-login-font - Font family.
 */
export class WeixinLoginElement extends HTMLElement {
  get service(): string;
  set service(value: string | null | undefined);
  get clientId(): string;
  set clientId(value: string | null | undefined);
  get display(): string;
  set display(value: "panel" | "button" | null | undefined);
  get result(): string;
  set result(value: "session" | "code" | null | undefined);
  get returnTo(): string;
  set returnTo(value: string | null | undefined);
  get page(): string;
  set page(value: string | null | undefined);
  get theme(): string;
  set theme(value: "auto" | "light" | "dark" | null | undefined);
  get noFastLogin(): boolean;
  set noFastLogin(value: boolean | null | undefined);
  get noFrame(): boolean;
  set noFrame(value: boolean | null | undefined);
  get codeChallenge(): string;
  set codeChallenge(value: string | null | undefined);
  get state(): string;
  set state(value: string | null | undefined);
  /** With `display="button"`: opens the dialog. */
  open(): Promise<void>;
}

/** An attribute that is on by being there, and off as `"false"`, which is how React 18, Vue and Angular write what is not on. */
type OnOff = boolean | "" | "true" | "false";

/** The element's attributes, as they are written in HTML. */
export interface WeixinLoginAttributes {
  service?: string;
  "client-id"?: string;
  display?: "panel" | "button";
  result?: "session" | "code";
  "return-to"?: string;
  page?: string;
  lang?: string;
  theme?: "auto" | "light" | "dark";
  "no-fast-login"?: OnOff;
  "no-frame"?: OnOff;
  "code-challenge"?: string;
  nonce?: string;
  state?: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "weixin-login": WeixinLoginElement;
  }
  // For `addEventListener` of the element, and of everything that its events bubble to.
  interface GlobalEventHandlersEventMap extends WeixinLoginEventMap {}
}

/** React 19 and Preact listen to `onweixin-login-success` and the like. */
type JsxEvents = { [Name in keyof WeixinLoginEventMap as `on${Name}`]?: (event: WeixinLoginEventMap[Name]) => void };

/** What JSX takes besides. What React has types for is `any` here, so that React is no dependency. */
type JsxWeixinLogin = WeixinLoginAttributes &
  JsxEvents & {
    id?: string;
    class?: string;
    className?: string;
    style?: any;
    slot?: string;
    title?: string;
    hidden?: boolean;
    onClick?: (event: any) => void;
    key?: any;
    ref?: any;
    children?: any;
  };

declare global {
  namespace JSX {
    interface IntrinsicElements {
      "weixin-login": JsxWeixinLogin;
    }
  }
}

// @ts-ignore: for sites that have React
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "weixin-login": JsxWeixinLogin;
    }
  }
}
