// Where the program is: in a package of its own for each system, of which npm installs the one that fits, as esbuild does it.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export function binary() {
  const { WEIXIN_EMULATOR_BINARY } = process.env;
  if (WEIXIN_EMULATOR_BINARY) return WEIXIN_EMULATOR_BINARY;
  const suffix = process.platform === "win32" ? ".exe" : "";
  const name = `weixin-emulator-${process.platform}-${process.arch}`;
  try {
    return require.resolve(`${name}/weixin-emulator${suffix}`);
  } catch {
    throw new Error(
      `weixin-emulator: the package ${name} is not installed. It comes by itself where there is one, unless npm was told --omit=optional; ` +
        "else build the program (cargo install) and put its path into WEIXIN_EMULATOR_BINARY.",
    );
  }
}
