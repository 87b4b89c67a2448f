/** A request that was sent with an Idempotency-Key. */
export type IdempotencyRecord = {
  /** A digest of the caller and the key. */
  readonly id: string;
  /** A digest of the whole request: the same key with another request is refused. */
  readonly fingerprint: string;
  /** The server that works, or worked, on the request; empty when that server ended without an answer. */
  readonly owner: string;
  /** When the key arrived first, Unix ms. */
  readonly createdAt: number;
  /** Absent while the request is under way. */
  readonly answer?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
};

export type IdempotencyStore = {
  readonly get: (id: string) => Promise<IdempotencyRecord | undefined>;
  /** Inserts where `seen` is absent; else replaces the record that still has the owner and `createdAt` of `seen`, and no answer if `seen` had none. False where another server was first. */
  readonly take: (
    record: IdempotencyRecord,
    seen: IdempotencyRecord | undefined,
  ) => Promise<boolean>;
  /** Stores the answer where the owner still is this one. */
  readonly finish: (
    id: string,
    owner: string,
    answer: IdempotencyRecord["answer"],
  ) => Promise<void>;
  /** Deletes a record without an answer, where the owner still is this one. */
  readonly drop: (id: string, owner: string) => Promise<void>;
  /** Deletes records that were created before. */
  readonly expire: (before: number) => Promise<void>;
};
