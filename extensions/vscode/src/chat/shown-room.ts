/** Where the page keeps which room it shows: "" for the list of rooms. */
export const SHOWN = "mediachat.shown";
