// Auth.js's own sign-out stays within the site: the service would log the person in again without asking.
import { NextResponse } from "next/server";
import { getToken } from "next-auth/jwt";
import { metadata } from "../../auth.js";

export async function GET(request) {
  const token = await getToken({ req: request });
  const hint = token?.idToken ? { id_token_hint: token.idToken } : {};
  const query = new URLSearchParams({ ...hint, post_logout_redirect_uri: `${process.env.NEXTAUTH_URL}/` });
  const { end_session_endpoint } = await metadata();
  const response = NextResponse.redirect(`${end_session_endpoint}?${query}`, 303);
  // A long one is cut into several, with numbers at their ends.
  for (const { name } of request.cookies.getAll()) {
    if (name.includes("next-auth.session-token")) {
      response.cookies.set(name, "", { path: "/", maxAge: 0, secure: name.startsWith("__Secure-") });
    }
  }
  return response;
}
