import { SCRIPT_BODY_BYTES } from "@load-manager/contract/api/script.ts";
import { bytesOf, type ScriptFiles, sentScript } from "../../api/script-files.ts";
import { zipOf } from "../../lib/zip.ts";

/** A script whose files are in a zip archive. */
export type ArchivedScript = {
  readonly entrypoint: string;
  readonly archive: Uint8Array<ArrayBuffer>;
};

/** A script and what has changed, as a request has them: in JSON, or as an archive where it is one or too large for JSON. */
export const scriptRequest = (script: ScriptFiles | ArchivedScript, typed = "") => {
  const description = typed.trim() === "" ? {} : { description: typed.trim() };
  if ("files" in script) {
    const body = { ...sentScript(script), ...description };
    if (new Blob([JSON.stringify(body)]).size <= SCRIPT_BODY_BYTES.json) return { body };
  }
  const { entrypoint } = script;
  const body =
    "archive" in script
      ? script.archive
      : zipOf(script.files.map((file) => ({ path: file.path, bytes: bytesOf(file) })));
  return { query: { entrypoint, ...description }, body };
};
