import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isPair, isScalar, isSeq, type Node, type Document, type Pair, visit } from "yaml";
import { messageOf } from "../lib/errors.ts";
import type { Fault } from "./problems.ts";
import { NUMBERS } from "./schema.ts";

type Filled = { readonly text: string } | { readonly fault: string };

/** A secret in a file, without the line end. */
export const secretFrom = (file: string): Filled => {
  try {
    const text = readFileSync(file, "utf8").trim();
    return text === "" ? { fault: `cannot be read from ${file}: the file is empty` } : { text };
  } catch (error) {
    return { fault: `cannot be read from ${file}: ${messageOf(error)}` };
  }
};

const HOW = "write ${NAME}, ${NAME:-default} or ${file:path}, and $${ for a literal ${";

const lookUp = (inside: string, folder: string, environment: NodeJS.ProcessEnv): Filled => {
  const file = /^file:(.+)$/.exec(inside)?.[1];
  if (file !== undefined) return secretFrom(resolve(folder, file));
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) ?? [];
  if (name === undefined)
    return { fault: `contains \${${inside}}, which is not understood; ${HOW}` };
  const value = environment[name];
  if (fallback !== undefined)
    return { text: value === undefined || value === "" ? fallback : value };
  return value === undefined
    ? { fault: `needs the variable ${name}, which is not set` }
    : { text: value };
};

type Ancestors = readonly (Document | Node | Pair)[];
const pathOf = (key: unknown, ancestors: Ancestors): PropertyKey[] => {
  const path = ancestors.flatMap((ancestor, index): PropertyKey[] => {
    if (isPair(ancestor)) return [isScalar(ancestor.key) ? String(ancestor.key.value) : ""];
    const below = ancestors[index + 1];
    return isSeq(ancestor) && below !== undefined ? [ancestor.items.indexOf(below)] : [];
  });
  return typeof key === "number" ? [...path, key] : path;
};

/** Replaces the placeholders in the values of the document itself. Returns a fault for each value that cannot be read. */
export const interpolate = (
  document: Document,
  file: string,
  environment: NodeJS.ProcessEnv,
): Fault[] => {
  const faults: Fault[] = [];
  const folder = dirname(resolve(file));
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const path = pathOf(key, ancestors);
      const text = node.value.replaceAll(
        /\$\$\{|\$\{([^}]*)(\}?)/g,
        (whole, inside: string | undefined, end: string | undefined) => {
          if (inside === undefined) return "${";
          const filled: Filled =
            end === ""
              ? { fault: `contains a \${ without its }; ${HOW}` }
              : lookUp(inside, folder, environment);
          if ("text" in filled) return filled.text;
          faults.push({ path, message: filled.fault });
          return whole;
        },
      );
      const number = NUMBERS.has(String(path.at(-1))) && /^\d+$/.test(text);
      node.value = number ? Number(text) : text;
    },
  });
  return faults;
};
