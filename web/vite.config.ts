import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const gateway = process.env.CCPLANT_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // replaced by the gateway for each answer: nothing runs or styles the page that it did not send
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "dist",
    target: "es2022",
    sourcemap: false,
    // an inlined asset would be a `data:` script or font, which the page's policy refuses
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // the budget of a first visit is checked after compression, by `make web-check`
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { "/api": gateway, "/ws": { target: gateway, ws: true }, "/health": gateway } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
