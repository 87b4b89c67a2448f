import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type ReactNode, useEffect, useRef } from "react";
import { useLatest } from "../lib/use-latest.ts";
import { appearance } from "./appearance.ts";
import styles from "./editor.module.css";
import { type Problem, problemMarks, showProblems } from "./problems.ts";
import { reachable } from "./reachable.ts";

type Props = {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly problems: readonly Problem[];
  readonly isReadOnly: boolean;
  /** What it edits, for screen readers. */
  readonly label: string;
};

const extensionsOf = (label: string, isReadOnly: boolean): Extension => [
  lineNumbers(),
  history(),
  drawSelection(),
  // Control and bidirectional characters show as marks, so that a script reads as it runs.
  highlightSpecialChars(),
  indentUnit.of("    "),
  indentOnInput(),
  bracketMatching(),
  highlightSelectionMatches(),
  python(),
  problemMarks,
  keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
  reachable(label),
  EditorState.readOnly.of(isReadOnly),
  appearance(),
];

/** A script of Windows keeps its line breaks. */
const lineBreaksOf = (text: string): Extension =>
  text.includes("\r\n") && !/(?:^|[^\r])\n/.test(text) ? EditorState.lineSeparator.of("\r\n") : [];

/** Edits a locustfile. Tab indents; Esc and then Tab leaves it. */
export const ScriptEditor = ({
  value,
  onChange,
  problems,
  isReadOnly,
  label,
}: Props): ReactNode => {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const latest = useLatest({ value, onChange, problems });
  useEffect(() => {
    const { current: parent } = host;
    if (parent === null) return undefined;
    const changed = EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.sliceDoc());
    });
    const doc = latest.current.value;
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc,
        extensions: [extensionsOf(label, isReadOnly), lineBreaksOf(doc), changed],
      }),
    });
    view.current = made;
    showProblems(made, latest.current.problems);
    return () => {
      made.destroy();
      view.current = undefined;
    };
  }, [label, isReadOnly, latest]);
  useEffect(() => {
    const { current } = view;
    if (current === undefined || current.state.toText(value).eq(current.state.doc)) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    if (view.current !== undefined) showProblems(view.current, problems);
  }, [problems]);
  return <div ref={host} className={styles["editor"]} />;
};
