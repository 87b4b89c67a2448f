/** What is known of a request that was sent with an Idempotency-Key. */
export type IdempotencyRecord = {
  /** Of the caller and the key that it sent. */
  readonly id: string;
  /** Of everything that makes the request what it is. */
  readonly fingerprint: string;
  /** The server that works on it, or has; empty once that has ended without an answer. */
  readonly owner: string;
  /** When the key was first seen, Unix ms. */
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
  /** Inserts where `seen` is absent, else replaces the record that still has the owner and the creation of `seen`, and no answer if that had none. False where somebody was first. */
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
  /** Takes a record without an answer away, where the owner still is this one. */
  readonly drop: (id: string, owner: string) => Promise<void>;
  /** Takes away what was first seen before. */
  readonly expire: (before: number) => Promise<void>;
};
