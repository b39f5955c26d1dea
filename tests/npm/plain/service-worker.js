// A site's own worker, which gives its front page for every navigation, as vite-plugin-pwa's does; but for the service's.

addEventListener("install", (event) => {
  event.waitUntil(caches.open("site").then((cache) => cache.add("/index.html")));
  skipWaiting();
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.startsWith("/weixin/")) return;
  if (event.request.mode === "navigate") event.respondWith(caches.match("/index.html"));
});
