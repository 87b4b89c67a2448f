import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { AppError } from "../lib/errors.ts";

type Path = readonly PropertyKey[];

export type YamlFile = {
  readonly document: Document;
  /** The place of a setting, such as `load-manager.yaml:3:5`, else of the nearest node around it that has a place. */
  readonly placeOf: (path: Path) => string | undefined;
  /** The current content. Throws AppError validation where it is not a map. */
  readonly values: () => Record<string, unknown>;
};

/** Throws AppError validation with line and column where the text is not YAML. */
export const parseYaml = (text: string, file: string): YamlFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // Later errors are mostly consequences of the first.
  const [broken] = document.errors;
  if (broken !== undefined) {
    const detail = `${placeAt(broken.pos[0])}: this is not YAML: ${broken.message}`;
    throw new AppError("validation", detail);
  }
  return {
    document,
    placeOf: (path) => {
      let node: unknown = document.contents;
      let place: string | undefined;
      for (const part of path) {
        const pair = isMap(node)
          ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
          : undefined;
        const child: unknown = isSeq(node) ? node.items[Number(part)] : pair?.value;
        const named: unknown = pair?.key ?? child;
        if (!isNode(named)) break;
        if (named.range) place = placeAt(named.range[0]);
        node = child;
      }
      return place;
    },
    values: () => {
      const values: unknown = document.toJS() ?? {};
      if (typeof values !== "object" || values === null || Array.isArray(values)) {
        throw new AppError("validation", `${file}:1:1: this must be a map of settings`);
      }
      return values as Record<string, unknown>;
    },
  };
};
