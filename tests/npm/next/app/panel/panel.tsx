"use client";

import { defineElement } from "weixin-login";

defineElement();

export function Panel({ service, clientId, codeChallenge }: { service: string; clientId: string; codeChallenge: string }) {
  return (
    <weixin-login service={service} client-id={clientId} result="code" code-challenge={codeChallenge}>
      <a href={`${service}/authorize`}>微信登录</a>
    </weixin-login>
  );
}
