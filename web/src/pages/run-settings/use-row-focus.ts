import { type RefObject, useEffect, useRef } from "react";

/** Where the focus goes when the rows have changed: to what can be typed into or clicked in `data-name` of the row `data-at`. */
type Focus = { readonly row: number; readonly name: string };

/** The element of all rows, and what moves the focus with the row that it is in. */
export const useRowFocus = <Element extends HTMLElement>(): {
  readonly rows: RefObject<Element | null>;
  readonly focusOn: (focus: Focus) => void;
} => {
  const rows = useRef<Element>(null);
  const next = useRef<Focus | undefined>(undefined);
  useEffect(() => {
    const { current: focus } = next;
    if (focus === undefined) return;
    next.current = undefined;
    rows.current
      ?.querySelector<HTMLElement>(
        `[data-at="${focus.row}"] [data-name="${focus.name}"] :is(input, button, [contenteditable])`,
      )
      ?.focus();
  });
  return {
    rows,
    focusOn: (focus) => {
      next.current = focus;
    },
  };
};
