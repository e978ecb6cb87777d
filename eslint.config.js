import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["var/", ".venv/", "artefacts/", "**/dist/"] },
  js.configs.recommended,
  {
    files: ["static/**/*.js"],
    languageOptions: { sourceType: "module", globals: globals.browser },
  },
  {
    files: ["tests/js/**/*.js", "eslint.config.js"],
    languageOptions: { sourceType: "module", globals: globals.node },
  },
  {
    rules: {
      eqeqeq: ["error", "always"],
      "no-eval": "error",
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "It can be set: measure with performance.now() or durations.js." },
      ],
      "no-implied-eval": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
];
