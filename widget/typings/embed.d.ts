import type { LoginError, login } from "./index.js";

declare global {
  /** What the classic script leaves behind, besides the element. */
  var weixinLogin: {
    login: typeof login;
    LoginError: typeof LoginError;
  };
}
