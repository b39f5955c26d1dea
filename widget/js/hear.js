// Hears how far a scene has come: server-sent events, read by fetch, since an EventSource sends no header of ours. Where streams
// are cut or held back on the way, it asks again and again instead. Decides nothing.

const SECRET_HEADER = "Weixin-Login-Secret";
const LAST = ["approved", "denied", "expired"];
/** A stream says something at once; one that does not is held back somewhere. */
const SILENT_AFTER = 5_000;
const SILENT_STREAMS = 2;
const AGAIN_AFTER = 1_500;

/** Tells each new event's word to `news`, until the last one or until it is stopped. */
export async function hear(address, secret, news, stopped) {
  let id;
  let word;
  let silent = 0;
  const tell = (next) => {
    if (next !== word && !stopped.aborted) news((word = next));
    return LAST.includes(next);
  };
  while (!stopped.aborted) {
    const streams = silent < SILENT_STREAMS;
    const request = new AbortController();
    const abort = () => request.abort();
    stopped.addEventListener("abort", abort);
    const limit = setTimeout(abort, SILENT_AFTER);
    try {
      const headers = { Accept: streams ? "text/event-stream" : "application/json" };
      if (secret) headers[SECRET_HEADER] = secret;
      if (streams && id) headers["Last-Event-ID"] = id;
      const answer = await fetch(address, {
        headers,
        signal: request.signal,
        cache: "no-store",
        credentials: secret ? "omit" : "same-origin",
        redirect: "error",
      });
      // A scene that the service does not know is over.
      if (answer.status === 400 && tell("expired")) return;
      if (answer.ok && !streams) {
        if (tell((await answer.json()).event)) return;
      } else if (answer.ok) {
        silent++;
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let chunk; !(chunk = await reader.read()).done; ) {
          clearTimeout(limit);
          silent = 0;
          const events = (text + chunk.value).split("\n\n");
          text = events.pop();
          for (const event of events) {
            id = /^id: (.*)$/m.exec(event)?.[1] ?? id;
            const next = /^event: (.*)$/m.exec(event)?.[1];
            if (next && tell(next)) return;
          }
        }
      }
    } catch {
      // Cut, held back, or offline: it is asked once more.
      if (streams && request.signal.aborted) silent++;
    } finally {
      clearTimeout(limit);
      stopped.removeEventListener("abort", abort);
    }
    if (!stopped.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  }
}
