/** The file of a script that names the packages it needs, at the top. */
export const REQUIREMENTS_FILE = "requirements.txt";

/** What the packages of a script may take at most. */
export const REQUIREMENTS_LIMITS = { bytes: 65_536, packages: 200 } as const;

/** What is wrong with a line, counted from 1; without `line` with all of them together. */
type Fault = { readonly line?: number; readonly message: string };

const NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const VERSION = String.raw`(?:===?|~=|!=|<=?|>=?)\s*[A-Za-z0-9][A-Za-z0-9._*+!-]*`;
const VERSIONS = String.raw`${VERSION}(?:\s*,\s*${VERSION})*`;
/** A name with extras, versions, a marker and hashes: what pip looks up in an index, and nothing else that it accepts. */
const REQUIREMENT = new RegExp(
  String.raw`^(${NAME})(?:\s*\[\s*(?:${NAME}(?:\s*,\s*${NAME})*)?\s*\])?` +
    String.raw`\s*(?:${VERSIONS}|\(\s*${VERSIONS}\s*\))?` +
    String.raw`(?:\s*;[\w\s.'"<>=!~(),+*-]*?)?(?:\s+--hash=[a-z0-9]+:[0-9a-fA-F]+)*$`,
);
/** Endings that make pip take a name for a file. */
const ARCHIVE = /\.(?:whl|zip|tar|tgz|tbz|txz|tlz|tar\.(?:gz|bz2|xz|lz|lzma))$/i;

const OPTIONS =
  "is an option of pip; only packages are accepted, and which index they come from is the operator's to say";
const PLACES =
  "names a place; only packages of the index that the operator has chosen are accepted";

const faultOf = (text: string): string | undefined => {
  if (text.startsWith("-")) return OPTIONS;
  const [, name] = REQUIREMENT.exec(text) ?? [];
  if (name === undefined) {
    // pip puts variables of its environment into ${…}.
    if (text.includes("${")) return "must not contain ${…}, in whose place pip puts a variable";
    return /[/\\@]|^\./.test(text)
      ? PLACES
      : "is no requirement: a name, perhaps with [extras], versions such as ==1.2 and a marker after ;";
  }
  return ARCHIVE.test(name) ? PLACES : undefined;
};

/** Each requirement with the line on which it begins: lines that end in a backslash go on, and comments are left out. */
const requirementsIn = (text: string): { readonly line: number; readonly text: string }[] => {
  const found: { line: number; text: string }[] = [];
  let begun: { line: number; text: string } | undefined;
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  lines.forEach((raw, index) => {
    const isComment = /^\s*#/.test(raw);
    const goesOn = !isComment && raw.endsWith("\\") && index < lines.length - 1;
    const part = goesOn ? raw.slice(0, -1) : raw.replace(/(?:^|\s+)#.*$/, "");
    begun = { line: begun?.line ?? index + 1, text: (begun?.text ?? "") + part };
    if (goesOn) return;
    const whole = begun.text.replace(/(?:^|\s+)#.*$/, "").trim();
    if (whole !== "") found.push({ line: begun.line, text: whole });
    begun = undefined;
  });
  return found;
};

/** The requirements of a requirements.txt, each as one line that means the same in every version of pip. */
export const requirementLines = (text: string): string[] =>
  requirementsIn(text).map((one) => one.text.replaceAll(/\s+/g, " "));

/** pip ends a line at any of these, also in a comment. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const controlFaults = (text: string): Fault[] =>
  text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const has = CONTROL.test(line.replaceAll("\t", " "));
    return has ? [{ line: index + 1, message: "must not contain control characters" }] : [];
  });

/** What is wrong with the text of a requirements.txt. */
export const requirementsFaults = (text: string): Fault[] => {
  const { bytes, packages } = REQUIREMENTS_LIMITS;
  if (new TextEncoder().encode(text).length > bytes) {
    return [{ message: `must be at most ${bytes / 1024} KiB` }];
  }
  const hidden = controlFaults(text);
  if (hidden.length > 0) return hidden;
  const found = requirementsIn(text);
  if (found.length > packages) return [{ message: `must name at most ${packages} packages` }];
  return found.flatMap(({ line, text: one }) => {
    const message = faultOf(one);
    return message === undefined ? [] : [{ line, message }];
  });
};
