import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, type Extension } from "@codemirror/state";
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
  readonly isPython: boolean;
  /** A line to go to, counted from 1; again with each new object. */
  readonly target?: { readonly line: number } | undefined;
};

/** A change that the page has made, and nobody has typed. */
const isTold = Annotation.define<boolean>();

const extensionsOf = (label: string, isReadOnly: boolean, isPython: boolean): Extension => [
  lineNumbers(),
  history(),
  drawSelection(),
  // Control and bidirectional characters show as marks, so that a script reads as it runs.
  highlightSpecialChars(),
  indentUnit.of("    "),
  indentOnInput(),
  bracketMatching(),
  highlightSelectionMatches(),
  isPython ? python() : [],
  problemMarks,
  keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
  reachable(label),
  EditorState.readOnly.of(isReadOnly),
  appearance(),
];

/** A script of Windows keeps its line breaks. */
const lineBreaksOf = (text: string): Extension =>
  text.includes("\r\n") && !/(?:^|[^\r])\n/.test(text) ? EditorState.lineSeparator.of("\r\n") : [];

const goTo = (view: EditorView, line: number): void => {
  const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  view.dispatch({
    selection: { anchor: from },
    effects: EditorView.scrollIntoView(from, { y: "center" }),
  });
  view.focus();
};

/** Edits a file of a script. Tab indents; Esc and then Tab leaves it. */
export const ScriptEditor = ({
  value,
  onChange,
  problems,
  isReadOnly,
  label,
  isPython,
  target,
}: Props): ReactNode => {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const latest = useLatest({ value, onChange, problems });
  useEffect(() => {
    const { current: parent } = host;
    if (parent === null) return undefined;
    const changed = EditorView.updateListener.of((update) => {
      const isTyped = !update.transactions.some((one) => one.annotation(isTold) === true);
      if (update.docChanged && isTyped) latest.current.onChange(update.state.sliceDoc());
    });
    const doc = latest.current.value;
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc,
        extensions: [extensionsOf(label, isReadOnly, isPython), lineBreaksOf(doc), changed],
      }),
    });
    view.current = made;
    showProblems(made, latest.current.problems);
    return () => {
      made.destroy();
      view.current = undefined;
    };
  }, [label, isReadOnly, isPython, latest]);
  useEffect(() => {
    const { current } = view;
    if (current === undefined || current.state.toText(value).eq(current.state.doc)) return;
    current.dispatch({
      changes: { from: 0, to: current.state.doc.length, insert: value },
      annotations: isTold.of(true),
    });
  }, [value]);
  useEffect(() => {
    if (view.current !== undefined) showProblems(view.current, problems);
  }, [problems]);
  useEffect(() => {
    if (view.current !== undefined && target !== undefined) goTo(view.current, target.line);
  }, [target]);
  return <div ref={host} className={styles["editor"]} />;
};
