/** `PRAGMA user_version` of a database after the first step. Lower numbers are of folders made before the first format. */
export const FIRST_FORMAT = 100;

/**
 * The schema of each database, step by step: after the first step its format number is 100, after the next 101. A step is
 * never changed once it has been released. In a described collection's table `document` holds the whole entity; the other
 * columns are what is filtered and sorted by. `schema.test.ts` compares them with the descriptions.
 */
export const CONTROL_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE load_tests (
    id TEXT PRIMARY KEY NOT NULL,
    accountId TEXT NOT NULL,
    orgId TEXT NOT NULL,
    projectId TEXT NOT NULL,
    envId TEXT,
    nameKey TEXT NOT NULL,
    tags TEXT NOT NULL,
    lastRunAt INTEGER,
    createdAt INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX load_tests_account_org_project_idx ON load_tests (accountId, orgId, projectId);
  CREATE INDEX load_tests_created_idx ON load_tests (createdAt, id);

  CREATE TABLE script_revisions (
    id TEXT PRIMARY KEY NOT NULL,
    loadTestId TEXT NOT NULL,
    revisionNumber INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX script_revisions_load_test_number_idx ON script_revisions (loadTestId, revisionNumber);

  CREATE TABLE load_test_runs (
    id TEXT PRIMARY KEY NOT NULL,
    accountId TEXT NOT NULL,
    orgId TEXT NOT NULL,
    projectId TEXT NOT NULL,
    envId TEXT,
    loadTestId TEXT,
    locustClusterId TEXT NOT NULL,
    externalKey TEXT,
    nameKey TEXT NOT NULL,
    tags TEXT NOT NULL,
    status TEXT NOT NULL,
    keep INTEGER NOT NULL,
    startedAt INTEGER,
    finishedAt INTEGER,
    settledAt INTEGER,
    createdAt INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX load_test_runs_account_org_project_status_idx ON load_test_runs (accountId, orgId, projectId, status);
  CREATE INDEX load_test_runs_load_test_created_idx ON load_test_runs (loadTestId, createdAt);
  CREATE INDEX load_test_runs_created_idx ON load_test_runs (createdAt, id);
  CREATE INDEX load_test_runs_settled_idx ON load_test_runs (settledAt, createdAt, id);
  CREATE INDEX load_test_runs_external_idx ON load_test_runs (locustClusterId, externalKey);
  CREATE INDEX load_test_runs_keep_idx ON load_test_runs (keep);

  CREATE TABLE script_blobs (
    sha256 TEXT PRIMARY KEY NOT NULL,
    content BLOB NOT NULL
  ) STRICT;

  CREATE TABLE run_live (
    runId TEXT PRIMARY KEY NOT NULL REFERENCES load_test_runs (id) ON DELETE CASCADE,
    timestamp INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;

  CREATE TABLE run_events (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    runId TEXT NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_events_run_idx ON run_events (runId, at, arrival);
  CREATE INDEX run_events_arrival_idx ON run_events (runId, arrival);

  CREATE TABLE leases (
    clusterId TEXT NOT NULL,
    slot INTEGER NOT NULL,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    runId TEXT,
    PRIMARY KEY (clusterId, slot)
  ) STRICT;
  CREATE TABLE heartbeats (
    holder TEXT PRIMARY KEY NOT NULL,
    count INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE idempotency_keys (
    id TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    owner TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    answer TEXT
  ) STRICT;
  CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (createdAt);

  CREATE TABLE write_checks (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    createdAt INTEGER NOT NULL,
    lastUsedAt INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_created_idx ON sessions (createdAt);
  CREATE INDEX sessions_last_used_idx ON sessions (lastUsedAt);
  `,
  `
  ALTER TABLE load_tests ADD COLUMN updatedAt INTEGER;
  UPDATE load_tests SET updatedAt = json_extract(document, '$.updatedAt');
  CREATE INDEX load_tests_updated_idx ON load_tests (updatedAt, id);

  ALTER TABLE load_test_runs ADD COLUMN updatedAt INTEGER;
  UPDATE load_test_runs SET updatedAt = json_extract(document, '$.updatedAt');
  CREATE INDEX load_test_runs_updated_idx ON load_test_runs (updatedAt, id);
  `,
  // Empty: the server counts the load tests when it starts.
  `
  CREATE TABLE scope_counts (
    id TEXT PRIMARY KEY NOT NULL,
    accountId TEXT NOT NULL,
    orgId TEXT NOT NULL,
    projectId TEXT NOT NULL,
    envId TEXT,
    loadTests INTEGER NOT NULL,
    updatedAt INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX scope_counts_account_org_project_idx ON scope_counts (accountId, orgId, projectId);
  CREATE INDEX scope_counts_updated_idx ON scope_counts (updatedAt, id);
  `,
  `
  ALTER TABLE load_test_runs ADD COLUMN verdict TEXT;
  UPDATE load_test_runs SET verdict = json_extract(document, '$.verdict');
  `,
];

export const METRICS_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE metrics_timeseries (
    rowId INTEGER PRIMARY KEY,
    runId TEXT NOT NULL,
    masterInstanceId TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type INTEGER NOT NULL,
    second INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (runId, masterInstanceId, seq)
  ) STRICT;
  CREATE INDEX metrics_timeseries_run_second_idx ON metrics_timeseries (type, runId, second) WHERE second > 0;

  CREATE TABLE metrics_rollups (
    runId TEXT NOT NULL,
    series TEXT NOT NULL,
    level INTEGER NOT NULL,
    start INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (runId, level, series, start)
  ) STRICT;
  CREATE INDEX metrics_rollups_expiry_idx ON metrics_rollups (level, start);

  CREATE TABLE metrics_compacted (
    runId TEXT NOT NULL,
    masterInstanceId TEXT NOT NULL,
    fromSeq INTEGER NOT NULL,
    toSeq INTEGER NOT NULL,
    PRIMARY KEY (runId, masterInstanceId, fromSeq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE write_checks (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
  ) STRICT;
  `,
];

/** The format number after all steps: what this program reads and writes. */
export const newestFormat = (steps: readonly string[]): number => FIRST_FORMAT - 1 + steps.length;

/** A write without a meaning: it shows whether the database can be written to just now. */
export const CHECK_WRITE =
  "INSERT INTO write_checks (id, count) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1";
