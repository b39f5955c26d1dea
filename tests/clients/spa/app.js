// oidc-client-ts. The client has no secret; its origin stands in `origins`, so that /token and /userinfo may be read from here.
// With a bundler: import { UserManager } from "oidc-client-ts";
const { UserManager } = window.oidc;

const { issuer, client_id } = await (await fetch("config.json")).json();
const site = location.origin;
const weixin = new UserManager({
  authority: issuer,
  client_id,
  redirect_uri: `${site}/index.html`,
  post_logout_redirect_uri: `${site}/index.html`,
  scope: "openid profile offline_access",
  loadUserInfo: true,
});

const show = (user) => {
  const person = document.getElementById("person");
  person.textContent = user ? JSON.stringify(user.profile) : "nobody";
  person.dataset.state = user ? "logged-in" : "logged-out";
};

const query = new URLSearchParams(location.search);
if (query.has("state") && (query.has("code") || query.has("error"))) {
  await weixin.signinCallback();
  history.replaceState(null, "", "index.html");
} else if (query.has("state")) {
  await weixin.signoutCallback();
  history.replaceState(null, "", "index.html");
}
show(await weixin.getUser());

const on = (id, act) => document.getElementById(id).addEventListener("click", act);
on("login", () => weixin.signinRedirect());
on("renew", async () => {
  const { refresh_token: before } = await weixin.getUser();
  const user = await weixin.signinSilent();
  document.getElementById("person").dataset.rotated = String(user.refresh_token !== before);
  show(user);
});
on("logout", () => weixin.signoutRedirect());
