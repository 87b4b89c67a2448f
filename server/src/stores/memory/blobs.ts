import type { BlobStore } from "../model/blob-store.ts";

export const memoryBlobs = (blobs: Map<string, Uint8Array>): BlobStore => ({
  put: async (contents) => {
    for (const [sha256, content] of contents) {
      if (!blobs.has(sha256)) blobs.set(sha256, Uint8Array.from(content));
    }
  },
  get: async (sha256) => {
    const content = blobs.get(sha256);
    return content === undefined ? undefined : Uint8Array.from(content);
  },
});
