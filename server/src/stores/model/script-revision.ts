import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Collection, Page } from "./collection.ts";
import { clone } from "../../lib/clone.ts";
import { described } from "./description.ts";

export const SCRIPT_REVISIONS = described<ScriptRevision>()({
  name: "script_revisions",
  label: "script revision",
  key: "id",
  columns: {
    loadTestId: { type: "text" },
    revisionNumber: { type: "integer", sort: true },
  },
  indexes: [
    { name: "load_test_number_idx", columns: ["loadTestId", "revisionNumber"], unique: true },
  ],
  freeMaps: [],
  groups: {},
  counters: {},
});

const NEWEST_FIRST = "-revisionNumber";

export type RevisionStore = {
  /** Stores the revision and the contents that are not there yet (by sha256). Rejects with AppError conflict where the (loadTestId, revisionNumber) or the id is taken. */
  readonly create: (
    revision: ScriptRevision,
    contents: ReadonlyMap<string, Uint8Array>,
  ) => Promise<void>;
  readonly get: (id: string) => Promise<ScriptRevision | undefined>;
  readonly newest: (loadTestId: string) => Promise<ScriptRevision | undefined>;
  /** Newest first. */
  readonly list: (
    loadTestId: string,
    paging: { readonly limit: number; readonly cursor?: string | undefined },
  ) => Promise<Page<ScriptRevision>>;
  readonly content: (sha256: string) => Promise<Uint8Array | undefined>;
  /** The contents of its files by their paths. Rejects where one is missing, which is damage. */
  readonly files: (
    revision: Pick<ScriptRevision, "files">,
  ) => Promise<ReadonlyMap<string, Uint8Array>>;
};

export const revisionStore = (
  collection: Collection<ScriptRevision>,
  { blobs }: { readonly blobs: BlobStore },
): RevisionStore => {
  const ofLoadTest = (loadTestId: string) => [{ column: "loadTestId", is: loadTestId }];
  return {
    /** The contents come first: a revision that is there has all its files. */
    create: async (revision, contents) => {
      const copy = clone(revision);
      await blobs.put(contents);
      await collection.insert(copy, "adding");
    },
    get: collection.get,
    newest: (loadTestId) => collection.first(ofLoadTest(loadTestId), NEWEST_FIRST),
    list: (loadTestId, paging) =>
      collection.list({ where: ofLoadTest(loadTestId), sort: NEWEST_FIRST, ...paging }),
    content: blobs.get,
    files: async ({ files }) => {
      const contents = new Map<string, Uint8Array>();
      const read = new Map<string, Uint8Array>();
      for (const { path, sha256 } of files) {
        const content = read.get(sha256) ?? (await blobs.get(sha256));
        if (content === undefined)
          throw new Error(`the content of ${path} is missing in the store`);
        read.set(sha256, content);
        contents.set(path, content);
      }
      return contents;
    },
  };
};
