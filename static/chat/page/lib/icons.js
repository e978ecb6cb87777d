import { html, svg } from "lit";

/** Each icon is drawn for a 20 × 20 grid with a 1.5 px line. */
const PATHS = {
  "arrow-down": svg`<path d="M10 4v12m-5-5 5 5 5-5" />`,
  "arrow-up": svg`<path d="M10 16V4m-5 5 5-5 5 5" />`,
  back: svg`<path d="m12 4-6 6 6 6" />`,
  block: svg`<circle cx="10" cy="10" r="6.5" /><path d="m5.500 5.500 9 9" />`,
  check: svg`<path d="m4 10.5 4 4 8-9" />`,
  clock: svg`<circle cx="10" cy="10" r="6.5" /><path d="M10 6.5V10l2.5 1.5" />`,
  close: svg`<path d="m5 5 10 10M15 5 5 15" />`,
  compass: svg`<circle cx="10" cy="10" r="7" /><path d="m12.8 7.2-1.5 4.1-4.1 1.5 1.5-4.1z" />`,
  copy: svg`<rect x="7" y="7" width="9" height="9" rx="2" /><path d="M13 4.5H6A1.5 1.5 0 0 0 4.5 6v7" />`,
  download: svg`<path d="M10 3.5v9m-4-4 4 4 4-4M4 16.5h12" />`,
  edit: svg`<path d="m12.5 4.5 3 3-8.5 8.5-3.5.5.5-3.5z" />`,
  file: svg`<path d="M6 3h5l4 4v9a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm5 0v4h4" />`,
  flag: svg`<path d="M5 17V4h9l-2 3.5 2 3.5H5" />`,
  history: svg`<path d="M4 10a6 6 0 1 1 1.8 4.3M4 6v4h4m2-3v3.5l2.3 1.2" />`,
  keyboard: svg`<rect x="2.5" y="5" width="15" height="10" rx="1.5" /><path d="M5.5 8h.01M8.5 8h.01M11.5 8h.01M14.5 8h.01M5.5 12h.01M14.5 12h.01M8 12h4" />`,
  lock: svg`<rect x="5" y="9" width="10" height="7" rx="1.5" /><path d="M7 9V6.5a3 3 0 0 1 6 0V9" />`,
  more: svg`<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" class="icon-dots" />`,
  paperclip: svg`<path d="m15.5 9.5-5.6 5.6a3.6 3.6 0 0 1-5-5l6.1-6.2a2.4 2.4 0 0 1 3.4 3.4l-6 6a1.2 1.2 0 0 1-1.7-1.7l5.2-5.2" />`,
  people: svg`<circle cx="7.5" cy="7" r="2.7" /><path d="M2.5 16c.4-3 2.4-4.5 5-4.5s4.6 1.5 5 4.500M13 4.500a2.7 2.7 0 0 1 0 5.100M15 11.900c1.5.6 2.3 2 2.5 4.1" />`,
  plus: svg`<path d="M10 4v12M4 10h12" />`,
  "put-away": svg`<path d="M3.500 4h13v3.500h-13zM5 7.500V16h10V7.500M8.500 10.500h3" />`,
  reply: svg`<path d="M8 5 3.5 9.5 8 14M4 9.500h7.500c3 0 5 1.7 5 5" />`,
  retry: svg`<path d="M15.5 8A6 6 0 1 0 16 11.500M16 4v4h-4" />`,
  room: svg`<path d="M8 4 6.5 16M13.5 4 12 16M4.5 8h12M3.5 12h12" />`,
  search: svg`<circle cx="9" cy="9" r="5" /><path d="m13 13 3.5 3.5" />`,
  send: svg`<path d="M10 16V5m-5 4.500L10 4.500l5 5" />`,
  "sign-out": svg`<path d="M8 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3m4-9 3 3-3 3m3-3H8" />`,
  smile: svg`<circle cx="10" cy="10" r="6.8" /><path d="M7 12c.7 1 1.8 1.6 3 1.600s2.3-.6 3-1.600M7.5 8v.01M12.5 8v.01" />`,
  star: svg`<path d="m10 3.300 2.100 4.200 4.600.7-3.300 3.300.7 4.700-4.100-2.200-4.100 2.200.7-4.700-3.300-3.300 4.600-.7z" />`,
  trash: svg`<path d="M4 6h12M8 6V4h4v2m-6.5 0 .7 10h7.600l.7-10" />`,
  warning: svg`<path d="M10 4 3 16h14zM10 8.500v3.500m0 2v.01" />`,
};

/**
 * An icon that says nothing by itself: its button or line carries the words.
 * @param {keyof typeof PATHS} name
 */
export function icon(name) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">${PATHS[name]}</svg>`;
}

/** The product's mark, in the colours of the theme; static/chat/icon.svg is the same in its own. */
export const mark = () => html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path
    d="M9 2h14a7 7 0 0 1 7 7v9a7 7 0 0 1-7 7h-9.5l-6 4.7A1.5 1.5 0 0 1 5 28.5v-4.2A7 7 0 0 1 2 18V9a7 7 0 0 1 7-7z"
  />
  <path class="mark-bars" d="M9.5 12.5v2M16 8.5v10M22.5 11v5" />
</svg>`;
