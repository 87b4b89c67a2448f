import { python } from "@codemirror/lang-python";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, lineNumbers } from "@codemirror/view";
import { type ReactNode, useEffect, useRef } from "react";
import { appearance } from "./appearance.ts";
import styles from "./editor.module.css";
import { reachable } from "./reachable.ts";

/** What a text has become: lines that are gone above those that are new, and long equal parts folded. */
export const ScriptDiff = ({
  before,
  after,
  label,
  isPython,
}: {
  readonly before: string;
  readonly after: string;
  readonly label: string;
  readonly isPython: boolean;
}): ReactNode => {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current: parent } = host;
    if (parent === null) return undefined;
    const view = new EditorView({
      parent,
      doc: after,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        isPython ? python() : [],
        EditorState.readOnly.of(true),
        reachable(label),
        unifiedMergeView({
          original: before,
          mergeControls: false,
          collapseUnchanged: { margin: 3, minSize: 6 },
        }),
        appearance(),
      ],
    });
    return () => view.destroy();
  }, [before, after, label, isPython]);
  return <div ref={host} className={styles["diff"]} />;
};
