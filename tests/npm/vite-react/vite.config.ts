import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The service is behind the site's own origin, in development as later. It wants to be asked under the name that it knows.
const weixin = { target: process.env.WEIXIN_LOGIN ?? "http://127.0.0.1:8080", changeOrigin: false };

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/weixin": weixin } },
});
