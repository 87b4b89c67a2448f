/** A part of a text; `column` counts from 0. */
export type Token = {
  readonly kind: "word" | "number" | "symbol" | "end";
  readonly text: string;
  readonly column: number;
};

/** What is wrong with a text; the parser throws it and answers it. Columns count from 1. */
export type SyntaxFault = {
  readonly column: number;
  /** How many characters are meant. */
  readonly length: number;
  readonly message: string;
  /** What could stand in their place. */
  readonly proposal?: string | undefined;
};

export class ParseError extends Error {
  readonly fault: SyntaxFault;
  constructor(fault: SyntaxFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export const failAt = (
  { column, text }: Pick<Token, "column" | "text">,
  message: string,
  proposal?: string,
): never => {
  throw new ParseError({ column: column + 1, length: text.length, message, proposal });
};

const SPACES = /\s*/y;
/** A symbol may be a wrong one, so that the fault names it whole. */
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["word", /[A-Za-z_][A-Za-z0-9_]*(?:\.\d+)?/y],
  ["number", /\d+(?:\.\d+)?/y],
  ["symbol", /\.\.|[<>=!~≤≥]+|./uy],
];

const matchAt = (pattern: RegExp, text: string, index: number): string | undefined => {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
};

/** Reads a text token by token. */
export const createTokens = (text: string) => {
  let index = 0;
  const skipSpaces = (): void => {
    index += matchAt(SPACES, text, index)?.length ?? 0;
  };
  const peek = (): Token => {
    skipSpaces();
    for (const [kind, pattern] of PATTERNS) {
      const found = matchAt(pattern, text, index);
      if (found !== undefined) return { kind, text: found, column: index };
    }
    return { kind: "end", text: "", column: index };
  };
  const next = (): Token => {
    const token = peek();
    index += token.text.length;
    return token;
  };

  /** What stands in quotes, from the character after the first one on; `\"` is a quote. */
  const quoted = (start: number): string => {
    let content = "";
    for (index = start + 1; index < text.length; index += 1) {
      const letter = text.charAt(index);
      if (letter === '"') {
        index += 1;
        return content;
      }
      if (letter === "\\") {
        index += 1;
        const escaped = text.charAt(index);
        content += escaped === '"' ? escaped : `\\${escaped}`;
      } else content += letter;
    }
    return failAt({ column: start, text: text.slice(start) }, "the quotes are not closed");
  };

  return {
    peek,
    next,
    /** The next token where it is this text. */
    take: (expected: string): Token | undefined => (peek().text === expected ? next() : undefined),
    /** What stands between brackets, of which the first one has been read. */
    bracketed: (): {
      readonly content: string;
      readonly isQuoted: boolean;
      readonly token: Token;
    } => {
      skipSpaces();
      const column = index;
      const isQuoted = text.charAt(index) === '"';
      const end = text.indexOf(")", index);
      const plain = text.slice(index, end < 0 ? text.length : end);
      const content = isQuoted ? quoted(index) : plain.trimEnd();
      if (!isQuoted) index += plain.length;
      const token: Token = { kind: "word", text: text.slice(column, index).trimEnd(), column };
      skipSpaces();
      if (text.charAt(index) !== ")")
        return failAt(
          { column: index, text: text.slice(index, index + 1) },
          isQuoted ? "a ) must follow the endpoint" : "the ( is not closed",
        );
      index += 1;
      return { content, isQuoted, token };
    },
  };
};
export type Tokens = ReturnType<typeof createTokens>;
