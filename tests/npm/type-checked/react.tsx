// The element in JSX, with React's own types. Each `@ts-expect-error` is a mistake that the types must catch.

import { useRef } from "react";
import type { LoginResult, WeixinLoginElement } from "weixin-login";

export function SignIn({ onLogin }: { onLogin: (result: LoginResult) => void }) {
  const element = useRef<WeixinLoginElement>(null);
  return (
    <weixin-login
      ref={element}
      service="/weixin"
      client-id="shop"
      display="button"
      no-fast-login
      className="sign-in"
      style={{ minHeight: 480 }}
      aria-label="Sign in"
      onweixin-login-success={(event) => onLogin(event.detail)}
      onweixin-login-error={(event) => console.error(event.detail.code, event.detail.message)}
      onClick={() => element.current?.open()}
    >
      <a href="/weixin/login?return_to=%2F">微信登录</a>
    </weixin-login>
  );
}

// What is off may be written out: React 18, Vue and Angular do.
export const off = <weixin-login client-id="shop" no-frame="false" no-fast-login={false} page="/login" />;
export const on = <weixin-login client-id="shop" no-frame="" no-fast-login="true" />;
// @ts-expect-error on or off
export const neither = <weixin-login client-id="shop" no-frame="yes" />;
export const closed = <weixin-login client-id="shop" onweixin-login-close={(event) => event.detail.reason === "removed"} />;

// @ts-expect-error no such display
export const wrongDisplay = <weixin-login client-id="shop" display="popup" />;
// @ts-expect-error attributes have HTML's names
export const wrongName = <weixin-login clientId="shop" />;
// @ts-expect-error the event has no such detail
export const wrongDetail = <weixin-login client-id="shop" onweixin-login-phase={(event) => event.detail.code} />;
