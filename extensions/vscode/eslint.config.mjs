import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/", ".workbench/", "artefacts/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs"],
    languageOptions: {
      // prettier-ignore
      globals: {
        AbortSignal: "readonly", Buffer: "readonly", DataTransfer: "readonly", File: "readonly", FormData: "readonly",
        Image: "readonly", MutationObserver: "readonly", TextDecoder: "readonly", TextEncoder: "readonly", URL: "readonly", WebSocket: "readonly",
        console: "readonly", document: "readonly", fetch: "readonly", getComputedStyle: "readonly", indexedDB: "readonly",
        __filename: "readonly", exports: "readonly", localStorage: "readonly", navigator: "readonly", performance: "readonly",
        process: "readonly", require: "readonly", setTimeout: "readonly", window: "readonly",
      },
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        {
          object: "Date",
          property: "now",
          message: "It can be set: measure with performance.now() or the chat's durations.js.",
        },
      ],
      "no-restricted-syntax": [
        "error",
        ...["callee.name", "callee.property.name"].map((callee) => ({
          selector: `CallExpression[${callee}="addEventListener"][arguments.0.value=/^(key|cancel)/][arguments.length>2]`,
          message:
            "Keys of an input method pass the page's composition.js first: listen without options.",
        })),
      ],
    },
  },
  {
    // node:test keeps the promises of its tests itself.
    files: ["test/unit/**/*.ts"],
    rules: { "@typescript-eslint/no-floating-promises": "off" },
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
