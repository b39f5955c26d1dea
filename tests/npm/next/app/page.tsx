import { SignIn } from "./sign-in";

// Read when somebody asks, not when the site is built.
export const dynamic = "force-dynamic";

export default function Page() {
  return <SignIn service={process.env.WEIXIN_LOGIN!} clientId={process.env.CLIENT_ID!} />;
}
