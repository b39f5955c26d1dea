// Auth.js for Next.js (next-auth 4). NEXTAUTH_URL is the site's own address, NEXTAUTH_SECRET its secret for cookies.
const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;

export const metadata = async () => (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

// A refresh token changes at each use. A refusal ends the login here: the grant is gone.
async function refresh(token) {
  const { token_endpoint } = await metadata();
  const answer = await fetch(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: token.refreshToken,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    }),
  });
  if (!answer.ok) throw new Error(`the login cannot be refreshed: ${answer.status}`);
  const tokens = await answer.json();
  return keep(token, { ...tokens, expires_at: Math.floor(Date.now() / 1000) + tokens.expires_in });
}

const keep = (token, tokens) => ({
  ...token,
  refreshToken: tokens.refresh_token,
  idToken: tokens.id_token,
  until: tokens.expires_at,
});

export const authOptions = {
  providers: [
    {
      id: "weixin",
      name: "WeChat",
      type: "oauth",
      wellKnown: `${ISSUER}/.well-known/openid-configuration`,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ["pkce", "state", "nonce"],
      authorization: { params: { scope: "openid profile offline_access" } },
      // The ID token is checked; the nickname and the avatar are at /userinfo.
      idToken: true,
      userinfo: { request: ({ client, tokens }) => client.userinfo(tokens.access_token) },
      profile: (person) => ({ id: person.sub, name: person.nickname, image: person.picture }),
    },
  ],
  callbacks: {
    jwt({ token, account, trigger }) {
      if (account) return keep(token, account);
      // Only an update (`update()` of `useSession`) is sure to send its cookie, and with it the new refresh token.
      return trigger === "update" ? refresh(token) : token;
    },
    session: ({ session, token }) => ({ ...session, until: token.until, user: { ...session.user, sub: token.sub } }),
  },
};
