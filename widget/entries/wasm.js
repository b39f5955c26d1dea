// Where the wasm comes from: its bytes. Here: from the file that the glue names. A build that inlines it puts wasm-inlined.js or
// wasm-latin1.js in the place of this one.

import { address } from "./glue.js";

export default async () => {
  const response = await fetch(address());
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response.arrayBuffer();
};
