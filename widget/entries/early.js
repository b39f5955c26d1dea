// What the service tells its script in the headers of the script's own answer: enough to load WeChat's page while an attempt begins.

/**
 * What an attempt of this service will be, in the form of `POST /login`'s answer; or nothing, where the browser does not let it be read.
 *
 * @param {string} script where this script came from
 */
export function draft(script) {
  try {
    const [{ serverTiming }] = performance.getEntriesByName(script);
    const told = (wanted) => serverTiming.filter(({ name }) => name === wanted).map(({ description }) => description);
    const [appid, open_url] = [...told("weixin-appid"), ...told("weixin")];
    const redirect_uri = new URL("../callback", script).href;
    const known = { appid, redirect_uri, open_url, desktop_urls: told("weixin-desktop") };
    const unknown = { id: "", kind: "embedded", state: "", iss: "", expires_in: 0, renew_in: 0 };
    return open_url ? JSON.stringify({ ...known, ...unknown }) : "";
  } catch {
    return "";
  }
}
