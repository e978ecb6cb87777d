/** Lines of a text, counted from 1, both included. */
export interface Lines {
  start: number;
  end: number;
}
