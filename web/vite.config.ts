import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The page goes into the Python package, so the wheel has it. Nothing is inlined: the server's policy
// for content allows files of its own only.
export default defineConfig({
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "../operator/headrace/web/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
