// The wasm out of this very script, as base64. Not by fetch of a data: address, which a policy's connect-src would forbid.

import { bytes } from "./base64.js";
import base64 from "./glue_bg.wasm";

export default () => bytes(base64);
