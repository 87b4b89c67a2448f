import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import {
  type EditorState,
  type Extension,
  RangeSet,
  type RangeSetBuilder,
  RangeSetBuilder as Builder,
  StateEffect,
  StateField,
  type Text,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutterLineClass,
  keymap,
  WidgetType,
} from "@codemirror/view";

/** What is wrong with a script; `line` counts from 1. */
export type Problem = { readonly line?: number | undefined; readonly message: string };

class Message extends WidgetType {
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  override eq(other: Message): boolean {
    return other.text === this.text;
  }
  override toDOM(): HTMLElement {
    const element = document.createElement("div");
    element.className = "cm-problem";
    element.textContent = this.text;
    return element;
  }
}

class WrongNumber extends GutterMarker {
  override elementClass = "cm-wrong-number";
}
const wrongNumber = new WrongNumber();
const wrongLine = Decoration.line({ class: "cm-wrong" });

/** An error at the end of a script may be on the line after its last. */
const lineOf = (doc: Text, { line = 1 }: Problem) =>
  doc.line(Math.min(Math.max(1, line), doc.lines));

const inOrder = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((one, other) => (one.line ?? 1) - (other.line ?? 1));

const addTo = (builder: RangeSetBuilder<Decoration>, doc: Text, problem: Problem): void => {
  const { from, to } = lineOf(doc, problem);
  const where = problem.line === undefined ? "" : `Line ${problem.line}: `;
  builder.add(from, from, wrongLine);
  builder.add(
    to,
    to,
    Decoration.widget({ widget: new Message(where + problem.message), block: true, side: 1 }),
  );
};

type Marked = { readonly lines: DecorationSet; readonly numbers: RangeSet<GutterMarker> };

const markedOf = (doc: Text, problems: readonly Problem[]): Marked => {
  const builder = new Builder<Decoration>();
  for (const problem of inOrder(problems)) addTo(builder, doc, problem);
  const starts = new Set(inOrder(problems).map((problem) => lineOf(doc, problem).from));
  return {
    lines: builder.finish(),
    numbers: RangeSet.of([...starts].map((from) => wrongNumber.range(from))),
  };
};

const setProblems = StateEffect.define<readonly Problem[]>();

/** The marks move with the text until the next check. */
const marked = StateField.define<Marked>({
  create: () => ({ lines: Decoration.none, numbers: RangeSet.empty }),
  update: (before, { changes, effects, state }) => {
    const told = effects.find((effect) => effect.is(setProblems));
    if (told !== undefined) return markedOf(state.doc, told.value);
    return { lines: before.lines.map(changes), numbers: before.numbers.map(changes) };
  },
  provide: (field) => [
    EditorView.decorations.from(field, ({ lines }) => lines),
    gutterLineClass.from(field, ({ numbers }) => numbers),
  ],
});

const diagnosticOf = (doc: Text, problem: Problem): Diagnostic => {
  const { from, to } = lineOf(doc, problem);
  return { from, to, severity: "error", message: problem.message };
};

/** Shows what is wrong at its lines; F8 goes from one to the next. */
export const problemMarks: Extension = [marked, keymap.of(lintKeymap)];

export const showProblems = (view: EditorView, problems: readonly Problem[]): void => {
  const { state }: { readonly state: EditorState } = view;
  view.dispatch({ effects: setProblems.of(problems) });
  view.dispatch(
    setDiagnostics(
      state,
      inOrder(problems).map((problem) => diagnosticOf(state.doc, problem)),
    ),
  );
};
