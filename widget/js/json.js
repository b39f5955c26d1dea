// JSON as the browser reads it, for Rust. A value that is not there, or of another kind, is undefined.

export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

/** An object's own member: what the page has put on Object.prototype is none. */
export function member(value, name) {
  if (value && typeof value === "object" && !Array.isArray(value) && Object.hasOwn(value, name)) return value[name] ?? undefined;
}

export function item(value, index) {
  return Array.isArray(value) ? value[index] : undefined;
}

export function text(value) {
  return typeof value === "string" ? value : undefined;
}

/** Beyond 9e15 a number of the browser's is no longer the one that was written. */
export function integer(value) {
  return Number.isInteger(value) && Math.abs(value) < 9e15 ? value : undefined;
}

export function quoted(text) {
  return JSON.stringify(text);
}
