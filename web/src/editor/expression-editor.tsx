import {
  autocompletion,
  type CompletionContext,
  completionKeymap,
  completionStatus,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import { history, historyKeymap, standardKeymap } from "@codemirror/commands";
import {
  Annotation,
  EditorState,
  type Extension,
  Prec,
  StateEffect,
  StateField,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, placeholder } from "@codemirror/view";
import { type ReactNode, useEffect, useRef } from "react";
import { useLatest } from "../lib/use-latest.ts";
import { appearance } from "./appearance.ts";
import styles from "./editor.module.css";

/** A part of the text that is wrong; counted from 0, `to` excluded. */
type Fault = { readonly from: number; readonly to: number };

type Props = {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onBlur: () => void;
  /** Enter, where no completion is chosen with it. */
  readonly onEnter: () => void;
  /** Alt with an arrow: up or down. */
  readonly onMove: (step: -1 | 1) => void;
  readonly fault: Fault | undefined;
  /** The id of what says more of it, such as the error below. */
  readonly describedBy: string;
  readonly isInvalid: boolean;
  readonly isReadOnly: boolean;
  readonly label: string;
  readonly example: string;
  /** What can stand at a place in the text; `isAsked`: by the key for it. */
  readonly completionsAt: (
    text: string,
    at: number,
    isAsked: boolean,
  ) => Pick<CompletionResult, "from" | "options"> | undefined;
};

/** A change that the page has made, and nobody has typed. */
const isTold = Annotation.define<boolean>();

const setFault = StateEffect.define<Fault | undefined>();
const faultMark = Decoration.mark({ class: "cm-fault" });

/** What is missing at the end is marked at the last letter. */
const markOf = (fault: Fault | undefined, length: number): DecorationSet => {
  if (fault === undefined || length === 0) return Decoration.none;
  const to = Math.min(length, Math.max(fault.to, fault.from + 1));
  return Decoration.set(faultMark.range(Math.min(fault.from, to - 1), to));
};

const faults = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, { changes, effects, state }) => {
    const told = effects.find((effect) => effect.is(setFault));
    return told === undefined ? before.map(changes) : markOf(told.value, state.doc.length);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** A line break that is pasted becomes a space. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (transaction.newDoc.lines === 1) return transaction;
  const insert = transaction.newDoc.toString().replaceAll(/\s*\n\s*/g, " ");
  return {
    changes: { from: 0, to: transaction.startState.doc.length, insert },
    selection: { anchor: insert.length },
    userEvent: "input.paste",
  };
});

const frame = EditorView.theme({
  "&": { border: "1px solid var(--ctl)", borderRadius: "4px" },
  "&.cm-focused": { outlineOffset: "2px" },
  '&:has([aria-invalid="true"])': { borderColor: "var(--err)" },
  "& .cm-content": { padding: "5px 0" },
  "& .cm-line": { padding: "0 8px" },
  "& .cm-placeholder": { color: "var(--ink-3)" },
  ".cm-fault": {
    backgroundColor: "var(--err-bg)",
    textDecoration: "underline wavy var(--err)",
    textDecorationSkipInk: "none",
  },
  "&.cm-editor .cm-tooltip": {
    border: "1px solid var(--ctl)",
    borderRadius: "4px",
    backgroundColor: "var(--surface)",
  },
  "& .cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  "& .cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  "&.cm-editor .cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--ink)",
    backgroundColor: "var(--accent-bg)",
  },
  "& .cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  "& .cm-completionDetail": {
    color: "var(--ink-3)",
    fontFamily: "var(--sans)",
    fontStyle: "normal",
  },
});

const keysOf = (read: () => Props): Extension => {
  const binding = (key: string, act: () => void) => ({
    key,
    run: () => {
      act();
      return true;
    },
  });
  return [
    Prec.highest(keymap.of(completionKeymap)),
    keymap.of([
      {
        key: "Enter",
        run: ({ state }) => {
          // What is about to be proposed may be what is meant.
          if (completionStatus(state) !== "pending") read().onEnter();
          return true;
        },
      },
      binding("Alt-ArrowUp", () => read().onMove(-1)),
      binding("Alt-ArrowDown", () => read().onMove(1)),
      ...standardKeymap,
      ...historyKeymap,
    ]),
  ];
};

/** While only such letters follow, the same proposals fit, without asking for them again. */
const WORD = /^[\w./*-]*$/;

const proposals = (read: () => Props): Extension =>
  autocompletion({
    override: [
      ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
        const found = read().completionsAt(state.sliceDoc(), pos, explicit);
        // What fits equally well stands in the order in which it is given.
        const options = found?.options.map((one, at) => ({ ...one, boost: -Math.min(at, 99) }));
        return found === undefined ? null : { ...found, options: options ?? [], validFor: WORD };
      },
    ],
    defaultKeymap: false,
    icons: false,
    // Enter right after the last letter takes what is proposed, and adds no criterion.
    interactionDelay: 0,
    activateOnTypingDelay: 0,
    // After a metric comes a comparison.
    activateOnCompletion: () => true,
  });

/** `read` gives the properties as they are by then. */
const extensionsOf = (read: () => Props): Extension => [
  history(),
  faults,
  oneLine,
  proposals(read),
  keysOf(read),
  placeholder(read().example),
  EditorView.lineWrapping,
  EditorState.readOnly.of(read().isReadOnly),
  EditorView.contentAttributes.of(() => ({
    "aria-label": read().label,
    "aria-invalid": String(read().isInvalid),
    "aria-describedby": read().describedBy,
    tabindex: "0",
  })),
  appearance(),
  frame,
  EditorView.domEventHandlers({
    blur: () => read().onBlur(),
    focus: (_, view) => {
      // The editor has its focus only after this event.
      if (view.state.doc.length === 0) setTimeout(() => startCompletion(view));
    },
  }),
  EditorView.updateListener.of((update) => {
    const isTyped = !update.transactions.some((one) => one.annotation(isTold) === true);
    if (update.docChanged && isTyped) read().onChange(update.state.sliceDoc());
  }),
];

/** Edits one line of a small language: what is wrong is underlined, what can follow is proposed. Tab leaves it. */
export const ExpressionEditor = (props: Props): ReactNode => {
  const { value, fault, label, example, isReadOnly, isInvalid, describedBy } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const latest = useLatest(props);
  useEffect(() => {
    const { current: parent } = host;
    if (parent === null) return undefined;
    const extensions = extensionsOf(() => latest.current);
    const made = new EditorView({
      parent,
      state: EditorState.create({ doc: latest.current.value, extensions }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = undefined;
    };
  }, [label, example, isReadOnly, latest]);
  useEffect(() => {
    const { current } = view;
    if (current === undefined || current.state.sliceDoc() === value) return;
    current.dispatch({
      changes: { from: 0, to: current.state.doc.length, insert: value },
      selection: { anchor: value.length },
      annotations: isTold.of(true),
    });
  }, [value]);
  const [from, to] = [fault?.from, fault?.to];
  useEffect(() => {
    const marked = from === undefined || to === undefined ? undefined : { from, to };
    view.current?.dispatch({ effects: setFault.of(marked) });
  }, [from, to, value, isInvalid, describedBy]);
  return <div ref={host} className={styles["expression"]} />;
};
