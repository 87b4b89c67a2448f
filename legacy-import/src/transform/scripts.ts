import { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { bytesOfBase64Text } from "@load-manager/server/lib/base64-text.ts";
import { manifestOfOne } from "@load-manager/server/lib/script-manifest.ts";
import { z } from "zod";
import {
  compact,
  converted,
  left,
  type Older,
  type Outcome,
  parsed,
  takeId,
  takeMetadata,
  takeTimes,
} from "./entity.ts";
import type { Json } from "../read/json.ts";
import { Fields } from "../read/fields.ts";

type ConvertedRevision = {
  readonly revision: ScriptRevision;
  /** Absent where the content is already stored as today. */
  readonly script: Uint8Array | undefined;
  readonly metadata: Record<string, Json> | undefined;
};

/** Some programs wrote where the script is instead of its text. */
const isPath = (text: string): boolean => !/[\r\n]/.test(text) && text.trim().endsWith(".py");

/** Takes the script of a document: `locustfile` holds text, `scriptContent` base64. A path goes to the leftovers. */
export const takeScript = (fields: Fields): Uint8Array | undefined => {
  const given = fields.filled("locustfile");
  if (given !== undefined && isPath(given)) fields.keep("locustfile", given);
  const plain = given === undefined || isPath(given) ? undefined : given;
  const packed = fields.filled("scriptContent");
  const bytes = packed === undefined ? undefined : bytesOfBase64Text(packed);
  if (packed !== undefined && bytes === undefined) fields.repaired.add("script_encoding");
  const own = packed === undefined ? undefined : (bytes ?? new TextEncoder().encode(packed));
  if (plain === undefined) return own;
  const written = new TextEncoder().encode(plain);
  // Of two different scripts the text is taken; the other goes to the leftovers.
  if (own !== undefined && Buffer.compare(written, own) !== 0) fields.keep("scriptContent", packed);
  return written;
};

/** Converts an older revision; its number may be in use already. Never throws. */
export const revisionOf = (document: Older): Outcome<ConvertedRevision> => {
  const fields = new Fields(document);
  const id = takeId(document, fields);
  const loadTestId = fields.id("loadTestId");
  const times = takeTimes(document, fields);
  if (id === undefined) return left("it has no usable id");
  if (loadTestId === undefined) return left("it names no load test");
  if (times === undefined) return left("it has no known time");
  const script = takeScript(fields);
  const { shape } = ScriptRevision;
  const own =
    script === undefined
      ? {
          entrypoint: parsed(fields, shape.entrypoint, "entrypoint"),
          files: parsed(fields, shape.files, "files"),
          sha256: parsed(fields, shape.sha256, "sha256"),
        }
      : manifestOfOne(script);
  const { entrypoint, files, sha256: manifest } = own;
  if (entrypoint === undefined || files === undefined || manifest === undefined) {
    return left("it has no script");
  }
  const number = fields.whole("revisionNumber", "revision");
  const usable = number !== undefined && number > 0;
  if (number !== undefined && !usable) fields.keep("revisionNumber", number);
  const revision: ScriptRevision = compact({
    id,
    loadTestId,
    revisionNumber: usable ? number : 0,
    entrypoint,
    files,
    sha256: manifest,
    requirements: fields.text("requirements"),
    description: fields.text("description"),
    createdAt: times.createdAt,
    createdBy: fields.filled("createdBy") ?? "unknown",
  });
  const checked = z.safeEncode(ScriptRevision, revision);
  if (!checked.success) return left("it is not a valid script revision");
  return converted({ revision, script, metadata: takeMetadata(fields) }, fields);
};
