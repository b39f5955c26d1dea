import { defineElement } from "weixin-login";

defineElement();

/** What it is given is made by the site's backend, which keeps the verifier. */
export function SignInForCode({ codeChallenge, nonce, state }: { [made: string]: string }) {
  return (
    <weixin-login
      service="/weixin"
      client-id="shop"
      result="code"
      code-challenge={codeChallenge}
      nonce={nonce}
      state={state}
    />
  );
}
