// The wasm out of this very script, as a text with a letter for each byte (Latin-1), which the build puts in the place of the word
// below. Only for a file that is served as it was built, and is a module: a module is UTF-8 always, a classic script has the
// encoding of its page. A bundler may write the letters otherwise, and longer.

import { bytes } from "./base64.js";

export default () => bytes(btoa("the wasm"));
