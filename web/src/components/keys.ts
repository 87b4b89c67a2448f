import { readLocalStorageValue } from "@mantine/hooks";
import { useEffect } from "react";
import { useLatest } from "../lib/use-latest.ts";

const CHORD_MS = 1000;

/** Whether what is typed belongs to a field, an editor or a dialog. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest("input, textarea, select, [contenteditable], [role='dialog']") !== null;

/**
 * Shortcuts: `x`, or two keys after each other as `g h`. They do nothing in fields, editors and dialogs, with a modifier, or
 * where the help has switched them off.
 */
export const useKeys = (actions: Readonly<Record<string, () => void>>): void => {
  const current = useLatest(actions);
  useEffect(() => {
    let first = { key: "", at: 0 };
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      if (!readLocalStorageValue({ key: "keys", defaultValue: true })) return;
      const chord = event.timeStamp - first.at < CHORD_MS ? `${first.key} ${event.key}` : "";
      first = { key: event.key, at: event.timeStamp };
      const action = current.current[chord] ?? current.current[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [current]);
};
