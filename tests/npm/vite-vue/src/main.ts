import { createApp } from "vue";
import SignIn from "./SignIn.vue";
import SignInForCode from "./SignInForCode.vue";

// What a site's backend would have made stands in the address.
const made = Object.fromEntries(new URLSearchParams(location.search));
createApp(made.nonce ? SignInForCode : SignIn, made).mount("#root");
