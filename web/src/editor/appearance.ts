import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { getNonce } from "get-nonce";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.meta], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-str)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--cyan)" },
]);

const frame = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "12px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "0" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--ink)" },
  ".cm-gutters": {
    minWidth: "44px",
    color: "var(--ink-3)",
    backgroundColor: "var(--surface)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "var(--h2)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--ctl)",
  },
  ".cm-panels": {
    color: "var(--ink)",
    backgroundColor: "var(--inset)",
    borderColor: "var(--line)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--h1)", outline: "1px solid var(--accent)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--h3)" },
  ".cm-panel input, .cm-panel button": { font: "inherit" },
  // A line that does not compile, its number, and what is wrong below it.
  ".cm-wrong": { backgroundColor: "var(--err-bg)" },
  ".cm-gutterElement.cm-wrong-number": {
    color: "var(--err)",
    backgroundColor: "var(--err-bg)",
    boxShadow: "inset 2px 0 0 var(--err)",
    fontWeight: "600",
  },
  ".cm-problem": {
    padding: "4px 6px 6px",
    color: "var(--err)",
    backgroundColor: "var(--err-bg)",
    fontFamily: "var(--sans)",
    whiteSpace: "pre-wrap",
  },
  // Two revisions in one: what is new has the accent, what is gone is struck through.
  ".cm-changedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "var(--accent-bg)" },
  "&.cm-merge-b .cm-changedText": {
    background: "none",
    textDecoration: "underline",
    textDecorationColor: "var(--accent)",
  },
  ".cm-deletedChunk": { color: "var(--ink-2)", backgroundColor: "var(--inset)" },
  ".cm-deletedChunk .cm-deletedText": { background: "none", textDecoration: "line-through" },
  ".cm-changeGutter": { width: "3px" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--accent)" },
  ".cm-deletedLineGutter": { background: "var(--ctl)" },
  // CodeMirror's own signs beside the words are in none of the fonts.
  ".cm-collapsedLines": {
    color: "var(--ink-2)",
    background: "var(--inset)",
    fontFamily: "var(--sans)",
    "&:before, &:after": { content: "none" },
  },
});

/** How an editor looks: the tokens of the theme, which follow the colour scheme by themselves. */
export const appearance = (): Extension => [
  syntaxHighlighting(colours),
  frame,
  // The policy of the page demands it of every style element.
  EditorView.cspNonce.of(getNonce() ?? ""),
];
