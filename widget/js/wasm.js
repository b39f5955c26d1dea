// Where the wasm comes from. Here: from the file that the glue names. A build that inlines it puts a module in the place of
// this one whose default export gives the bytes.

export default () => undefined;
