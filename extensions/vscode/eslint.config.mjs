import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/", ".workbench/", "artefacts/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: {
      globals: {
        AbortSignal: "readonly", Buffer: "readonly", URL: "readonly", console: "readonly", document: "readonly",
        fetch: "readonly", getComputedStyle: "readonly", process: "readonly", setTimeout: "readonly", window: "readonly",
      },
    },
  },
  {
    rules: {
      eqeqeq: ["error", "always"],
      "no-eval": "error",
      "no-unused-vars": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
    plugins: { "@typescript-eslint": tseslint.plugin },
  },
);
