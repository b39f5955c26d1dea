import { useState } from "react";
import { defineElement } from "weixin-login";

defineElement();

export function SignIn() {
  const [nickname, setNickname] = useState<string>();
  if (nickname) return <p id="person">{nickname}</p>;
  return (
    <weixin-login
      service="/weixin"
      client-id="shop"
      onweixin-login-success={({ detail }) => {
        if (detail.result === "session") setNickname(detail.nickname);
      }}
    >
      <a href="/weixin/login?return_to=%2F">微信登录</a>
    </weixin-login>
  );
}
