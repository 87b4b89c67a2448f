import { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { manifestOf } from "@load-manager/server/lib/script-manifest.ts";
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

const isText = (bytes: Uint8Array): boolean => {
  try {
    return !new TextDecoder("utf8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
};

/** `undefined` where it is not base64 of a text. */
const decoded = (text: string): Uint8Array | undefined => {
  const packed = text.replaceAll(/\s/g, "");
  if (packed === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) return undefined;
  const bytes = Buffer.from(packed, "base64");
  const again = bytes.toString("base64").replace(/=+$/, "");
  return again === packed.replace(/=+$/, "") && isText(bytes) ? bytes : undefined;
};

/** Takes the script of a document: `locustfile` holds text, `scriptContent` base64. */
export const takeScript = (fields: Fields): Uint8Array | undefined => {
  const plain = fields.filled("locustfile");
  const packed = fields.filled("scriptContent");
  const bytes = packed === undefined ? undefined : decoded(packed);
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
      : manifestOf(script);
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
