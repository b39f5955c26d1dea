"use client";

import { useState } from "react";
import { LoginError, login } from "weixin-login";

export function SignIn({ service, clientId }: { service: string; clientId: string }) {
  const [said, setSaid] = useState<string>();

  async function signIn() {
    const begun = await fetch("/api/weixin").then((answer) => answer.json());
    try {
      const result = await login({ service, clientId, result: "code", ...begun });
      const ended = await fetch("/api/weixin", { method: "POST", body: JSON.stringify(result) });
      setSaid(ended.ok ? (await ended.json()).nickname : await ended.text());
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      setSaid(error.code);
    }
  }

  return (
    <main>
      <button id="sign-in" onClick={signIn}>
        微信登录
      </button>
      <p id="person">{said}</p>
    </main>
  );
}
