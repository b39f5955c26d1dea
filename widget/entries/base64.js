// From base64 to bytes.

/** The browser's own way takes a tenth of what a loop takes; browsers from before 2025 have the loop alone. */
export function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const letters = atob(base64);
  const found = new Uint8Array(letters.length);
  for (let place = 0; place < found.length; place++) found[place] = letters.charCodeAt(place);
  return found;
}
