/** Contents of script files, each stored once by its SHA-256. */
export type BlobStore = {
  /** Stores the contents that are not there yet. May wait while the disk is full. */
  readonly put: (contents: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  readonly get: (sha256: string) => Promise<Uint8Array | undefined>;
};
