import { getServerSession } from "next-auth";
import { authOptions } from "../auth.js";

export default async function Page() {
  const session = await getServerSession(authOptions);
  if (!session) return <a href="/api/auth/signin">微信登录</a>;
  return (
    <p>
      {session.user.name} <a href="/logout">退出</a>
    </p>
  );
}
