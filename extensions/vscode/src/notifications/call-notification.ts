import * as vscode from "vscode";

/** Less than a pixel of the bar: without it the bar animates for ever, as if work were running. */
const NO_PROGRESS = 1e-9;

/**
 * A notification that can be taken away again.
 *
 * VS Code's API can take away one kind only, that of `withProgress`; what `showInformationMessage`
 * shows stays until the person closes it. So this is one of those: it has links for buttons, and
 * is closed by *Cancel*.
 */
export class CallNotification {
  #end: () => void = () => {};
  #report: (step: { message: string; increment: number }) => void = () => {};
  readonly #links: string;

  /**
   * @param words without links, see `plain`
   * @param closed called when the person closes it, and not when it is taken away
   */
  constructor(
    words: string,
    links: readonly { title: string; command: string; argument: unknown }[],
    closed: () => void,
  ) {
    this.#links = links.map(linkTo).join(" · ");
    // Without a title, which could not be changed.
    const options = { location: vscode.ProgressLocation.Notification, cancellable: true };
    void vscode.window.withProgress(options, (progress, token) => {
      this.#report = (step) => progress.report(step);
      this.say(words);
      token.onCancellationRequested(closed);
      return new Promise<void>((resolve) => (this.#end = resolve));
    });
  }

  /** Changes the words where it stands. @param words without links */
  say(words: string): void {
    this.#report({ message: `${words} ${this.#links}`, increment: NO_PROGRESS });
  }

  close(): void {
    this.#end();
  }
}

function linkTo({
  title,
  command,
  argument,
}: {
  title: string;
  command: string;
  argument: unknown;
}): string {
  return `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
}
