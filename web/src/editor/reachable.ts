import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/** Names the text for screen readers, and makes it a stop of the Tab key, from where arrows scroll also what is read only. */
export const reachable = (label: string): Extension =>
  EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });
