import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server that `npm run dev` has started beside this one. */
const SERVER = process.env["LOAD_MANAGER_DEV_SERVER"] ?? "http://127.0.0.1:8800";
const ITS_PATHS = ["/v1", "/docs", "/openapi.json", "/health"];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The server replaces it in each answer (server/src/http/page.ts).
  html: { cspNonce: "{{nonce}}" },
  build: {
    target: "es2023",
    // The policy of the page allows no data: fonts, and images are few.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(ITS_PATHS.map((path) => [path, SERVER])),
  },
});
