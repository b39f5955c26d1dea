// What the service tells its script of the attempt that will be next, in the form of `POST /login`'s answer: a header of the script's own.

export function told(script) {
  try {
    const [{ serverTiming }] = performance.getEntriesByName(script);
    return serverTiming.find(({ name }) => name === "weixin-attempt").description;
  } catch {} // Nothing was told, or the page does not let it be read.
}
