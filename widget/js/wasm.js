// Where the wasm comes from. Here: from the file that the glue names. A build that inlines it puts wasm-inlined.js in the place
// of this one.

export default () => undefined;
