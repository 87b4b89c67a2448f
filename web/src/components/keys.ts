import { readLocalStorageValue } from "@mantine/hooks";
import { useEffect } from "react";
import { useLatest } from "../lib/use-latest.ts";

const CHORD_MS = 1000;
const CHORD_START = "g";

/** Whether what is typed belongs to a field, an editor or a dialog. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest("input, textarea, select, [contenteditable], [role='dialog']") !== null;

/** What has the focus uses arrows, Enter and the like itself, unless it leaves them to the page. */
const hasOwnKeys = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("a, button, summary, [tabindex='0']")?.matches("[data-page-keys]") === false;

const nameOf = ({ key, shiftKey }: KeyboardEvent): string =>
  shiftKey && key.length > 1 ? `Shift+${key}` : key;

/**
 * Shortcuts: `x`, two keys after each other as `g h`, or a named key as `ArrowLeft` and `Shift+ArrowLeft`. They do nothing in
 * fields, editors and dialogs, or with another modifier; letters nothing where the help has switched them off.
 */
export const useKeys = (actions: Readonly<Record<string, () => void>>): void => {
  const current = useLatest(actions);
  useEffect(() => {
    let first = { key: "", at: 0 };
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) {
        // Another part of the page has taken it, maybe as the second key of a chord.
        first = { key: "", at: 0 };
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      const isLetter = event.key.length === 1;
      if (isLetter && !readLocalStorageValue({ key: "keys", defaultValue: true })) return;
      if (!isLetter && hasOwnKeys(event.target)) return;
      // The second key of a chord is no shortcut of its own.
      const isChord = first.key === CHORD_START && event.timeStamp - first.at < CHORD_MS;
      const name = isChord ? `${first.key} ${event.key}` : nameOf(event);
      first = { key: isChord ? "" : event.key, at: event.timeStamp };
      const action = current.current[name];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [current]);
};
