import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

/** Longer tables have only the rows that are seen, and some around them. */
const MOST_ROWS = 40;
const ROW_HEIGHT = 33;
const AROUND = 15;

/** The part of the rows that is to be drawn, and the heights of what is left out above and below it. */
export const useVisibleRows = <Row>(
  rows: readonly Row[],
): {
  readonly ref: RefObject<HTMLTableSectionElement | null>;
  readonly shown: readonly Row[];
  readonly above: number;
  readonly below: number;
} => {
  const ref = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  const isLong = rows.length > MOST_ROWS;
  useLayoutEffect(() => {
    const { current } = ref;
    if (isLong && current !== null) setTop(current.getBoundingClientRect().top + scrollY);
  }, [isLong]);
  const virtual = useWindowVirtualizer({
    count: isLong ? rows.length : 0,
    estimateSize: () => ROW_HEIGHT,
    overscan: AROUND,
    scrollMargin: top,
  });
  if (!isLong) return { ref, shown: rows, above: 0, below: 0 };
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  return {
    ref,
    shown: rows.slice(first, last + 1),
    above: first * ROW_HEIGHT,
    below: (rows.length - last - 1) * ROW_HEIGHT,
  };
};
