import { createHash } from "node:crypto";

const ENTRYPOINT = "locustfile.py";

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

/** The part of a revision that its script determines. Revisions with the same content have the same `sha256`. */
export const manifestOf = (script: Uint8Array) => {
  const file = { path: ENTRYPOINT, size: script.length, sha256: sha256(script) };
  const files: [typeof file] = [file];
  return { entrypoint: ENTRYPOINT, files, sha256: sha256(`${file.path}\0${file.sha256}\n`) };
};
