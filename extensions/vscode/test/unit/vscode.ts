/** What the parts under test use of VS Code outside of it: sentences as they are written. */
export const l10n = {
  t: (words: string, ...values: unknown[]) => words.replace(/\{(\d)\}/g, (_match, index) => String(values[Number(index)])),
};
