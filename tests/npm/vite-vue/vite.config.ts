import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// Else Vue looks for a component of its own by this name.
const isCustomElement = (tag: string) => tag === "weixin-login";

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
  server: { proxy: { "/weixin": { target: "http://127.0.0.1:8080", changeOrigin: false } } },
});
