import { createHash } from "node:crypto";
import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";

export const sha256Of = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

/**
 * The part of a revision that its script determines, with files in the order of their paths. Revisions with the same files and
 * the same entrypoint have the same `sha256`: that of a line for each file, and of one for an entrypoint with another name than
 * usual.
 */
export const manifestOf = (
  contents: ReadonlyMap<string, Uint8Array>,
  entrypoint = DEFAULT_ENTRYPOINT,
) => {
  const files = [...contents]
    .map(([path, content]) => ({ path, size: content.length, sha256: sha256Of(content) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const lines = files.map(({ path, sha256 }) => `${path}\0${sha256}\n`);
  // No file has an empty path.
  const run = entrypoint === DEFAULT_ENTRYPOINT ? "" : `\0${entrypoint}\n`;
  return { entrypoint, files, sha256: sha256Of(lines.join("") + run) };
};

/** The manifest of a script of one file. */
export const manifestOfOne = (script: Uint8Array) =>
  manifestOf(new Map([[DEFAULT_ENTRYPOINT, script]]));
