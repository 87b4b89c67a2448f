/** Records and bytes that one page holds at most; one record may be larger. */
const PAGE_RECORDS = 500;
const PAGE_BYTES = 4 << 20;

/** Whether a page is full after one more record of so many bytes. */
export const pageLimit = (): ((bytes: number) => boolean) => {
  let [records, bytes] = [0, 0];
  return (more) => {
    records += 1;
    bytes += more;
    return records >= PAGE_RECORDS || bytes >= PAGE_BYTES;
  };
};

/** A place of several values as text. */
export type Place = readonly (string | number)[];
export const placeText = (place: Place): string => JSON.stringify(place);
export const placeOf = (after: string | undefined): Place | undefined =>
  after === undefined ? undefined : (JSON.parse(after) as Place);
