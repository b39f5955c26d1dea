import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { SignIn } from "./sign-in";
import { SignInForCode } from "./sign-in-for-code";

// What a site's backend would have made stands in the address.
const made = Object.fromEntries(new URLSearchParams(location.search));
createRoot(document.getElementById("root")!).render(
  <StrictMode>{made.nonce ? <SignInForCode {...made} /> : <SignIn />}</StrictMode>,
);
