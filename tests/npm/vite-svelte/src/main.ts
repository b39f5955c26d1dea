import { mount } from "svelte";
import SignIn from "./SignIn.svelte";
import SignInForCode from "./SignInForCode.svelte";

// What a site's backend would have made stands in the address.
const made = Object.fromEntries(new URLSearchParams(location.search));
mount(made.nonce ? SignInForCode : SignIn, { target: document.getElementById("root")!, props: made });
