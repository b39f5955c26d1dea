// Says every time on the page in the person's own place and language. Without this script it stands there in UTC, and says so.
(() => {
  "use strict";
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
})();
