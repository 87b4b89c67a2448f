/** The names that cursors of the lists with one order carry. */
export const REVISION_SORT = "-revisionNumber";
export const EVENT_SORT = "at";
