/** Runs tests in the extension host and tells the workbench, by its log, what came of each. */
exports.MARK = "api-test ";

/** @param {Record<string, (vscode: object) => Promise<void>>} tests by their names */
exports.report = async (tests) => {
  const vscode = require("vscode");
  for (const [name, run] of Object.entries(tests)) {
    const problem = await run(vscode).then(
      () => null,
      (error) => String(error?.stack ?? error),
    );
    console.log(exports.MARK + JSON.stringify({ name, problem }));
  }
};
