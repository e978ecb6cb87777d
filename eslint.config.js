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
    files: ["static/**/*.js"],
    ignores: ["static/chat/page/lib/composition.js"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...["callee.name", "callee.property.name"].map((callee) => ({
          selector: `CallExpression[${callee}="addEventListener"][arguments.0.value=/^(key|cancel)/][arguments.length>2]`,
          message:
            "Keys of an input method pass page/lib/composition.js first: listen without options.",
        })),
        {
          selector: "MemberExpression[property.name=/^(isComposing|keyCode|which)$/]",
          message: "page/lib/composition.js decides which keys belong to an input method.",
        },
      ],
    },
  },
  {
    rules: {
      eqeqeq: ["error", "always"],
      "no-eval": "error",
      "no-restricted-properties": [
        "error",
        {
          object: "Date",
          property: "now",
          message: "It can be set: measure with performance.now() or durations.js.",
        },
      ],
      "no-implied-eval": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
];
