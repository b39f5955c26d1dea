// What the site's backend does with a login: `sub` is the person.
import { getServerSession } from "next-auth";
import { authOptions } from "../../auth.js";

export async function GET() {
  const session = await getServerSession(authOptions);
  if (!session) return Response.json({}, { status: 401 });
  const { sub, name, image } = session.user;
  return Response.json({ sub, nickname: name, picture: image });
}
