import { invalid } from "../../lib/errors.ts";
import { decodeCursor } from "./cursor.ts";

/** The name that cursors of the list of events carry. */
export const EVENT_SORT = "at";

/** The place of an event: its time, and its number in the order of arrival. */
export const decodeEventCursor = (
  cursor: string | undefined,
): { readonly at: number; readonly arrival: number } | undefined => {
  const place = decodeCursor(cursor, EVENT_SORT, "number");
  if (place === undefined) return undefined;
  if (!/^\d{1,15}$/.test(place.id)) throw invalid("cursor", "is not one that this list has given");
  return { at: Number(place.value), arrival: Number(place.id) };
};
