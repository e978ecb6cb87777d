/** What all parts of the client share. */

/** Calls back after so many milliseconds, unless the function it returns is called before. */
export type SetTimer = (callback: () => void, milliseconds: number) => () => void;

/** A step that signing in still needs, as django-allauth names it: `mfa_authenticate`, … */
export interface Flow {
  id: string;
  is_pending?: boolean;
}
