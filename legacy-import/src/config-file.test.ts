import { describe, expect, test } from "vitest";
import { migrateConfig } from "./config-file.ts";
import { parseMapping } from "./transform/mapping.ts";

const MAPPING = parseMapping(
  `
tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789, envId: production }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
`,
  "mapping.yaml",
);
const migrate = (text: string) => migrateConfig(text, "old.yaml", MAPPING);

describe("the older configuration", () => {
  test("becomes today's, and its comments stay", () => {
    const { yaml, notes, faults } = migrate(`# Our clusters
server:
  port: 8080 # behind the proxy
  timeout: 30
# old queue
queue:
  url: redis://q # shared
locustClusters:
  # the big one
  - id: big # number 1
    baseUrl: http://big:8089
    tenantId: acme # our first tenant
    authToken: abc
  - id: red
    baseUrl: http://red:8089
    projectID: shop # of the reds
    tenantId: "team-red"
    envId: staging
    color: red
# the end
`);
    expect(yaml).toBe(`# Our clusters
server:
  port: 8080 # behind the proxy
  # Not a setting today:
  # timeout: 30
# old queue
# Not a setting today:
# queue:
#   url: redis://q # shared
locustClusters:
  # the big one
  - id: big # number 1
    baseUrl: http://big:8089
    accountId: acc123 # our first tenant
    orgId: org456
    projectId: proj789
    envId: production
    authToken: abc
  - id: red
    baseUrl: http://red:8089
    projectId: shop # of the reds
    accountId: acc123
    orgId: red
    envId: staging
    # Not a setting today:
    # color: red

# the end
`);
    expect(notes).toEqual([
      "old.yaml:4:3: server.timeout is not a setting today; it is now a comment",
      "old.yaml:6:1: queue is not a setting today; it is now a comment",
      "old.yaml:19:5: locustClusters[1].color is not a setting today; it is now a comment",
    ]);
    expect(faults).toEqual([]);
  });

  test("a cluster without a scope becomes a comment and a note", () => {
    const { yaml, notes, faults } = migrate(`locustClusters:
  - { id: a, baseUrl: http://a, tenantId: nobody }
  # keep me
  - { id: b, baseUrl: http://b, tenantId: acme }
  - { id: c, baseUrl: http://c, tenantId: "" }
`);
    expect(yaml).toBe(`locustClusters:
  # This cluster has no scope (the mapping does not know the tenant "nobody"):
  # - { id: a, baseUrl: http://a, tenantId: nobody }
  # keep me
  - { id: b, baseUrl: http://b, accountId: acc123, orgId: org456, projectId: proj789, envId: production }
  # This cluster has no scope (the mapping does not know an empty tenant):
  # - { id: c, baseUrl: http://c, tenantId: "" }
`);
    expect(notes).toEqual([]);
    expect(faults).toHaveLength(2);
  });

  test("clusters that break today's rules are noted; a configuration of today stays as it is", () => {
    const same = migrate(`locustClusters:
  - { id: a, baseUrl: "http://a", tenantId: acme }
  - { id: b, baseUrl: "http://b", tenantId: acme }
`);
    expect(same.faults).toEqual([
      expect.stringMatching(/^stdout:3:5: locustClusters\[1\] serves the same scope as a/),
    ]);
    const today = `locustClusters:
  - { id: a, baseUrl: "http://a", accountId: a, orgId: o, projectId: p }
`;
    expect(migrate(today)).toEqual({ yaml: today, notes: [], faults: [] });
    expect(() => migrate("- a\n")).toThrow(/must be a map/);
    expect(migrate("").notes).toEqual([]);
    expect(() => migrate("x: &x 1\nserver: { port: *x }\n")).toThrow(/has an anchor/);
  });

  test("mongodb: becomes the store; empty settings are left out, and their comments stay", () => {
    const { yaml, notes, faults } = migrate(`# Production
mongodb:
  uri: mongodb://db
  # of the whole team
  database: ""
security:
  # from the vault
  apiToken: ""
locustClusters:
  - { id: a, baseUrl: "http://a", tenantId: acme, authToken: "" }
`);
    expect(yaml).toBe(`# Production
store:
  kind: mongodb
mongodb:
  uri: mongodb://db
  # of the whole team
security:
  # from the vault
  {}
locustClusters:
  - { id: a, baseUrl: "http://a", accountId: acc123, orgId: org456, projectId: proj789, envId: production }
`);
    expect([...notes, ...faults]).toEqual([]);
    const own = migrate("store: { dataDir: /data }\nmongodb: { uri: mongodb://db }\n");
    expect(own.yaml).toBe(
      "store: { dataDir: /data, kind: mongodb }\nmongodb: { uri: mongodb://db }\n",
    );
    const sqlite = "store: { kind: sqlite }\nmongodb: { uri: mongodb://db }\n";
    expect(migrate(sqlite).yaml).toBe(sqlite);
  });

  test("everything that today's server refuses is a fault with line and column", () => {
    const { faults } = migrate("server:\n  port: many\n\nmongodb: {}\n");
    expect(faults).toEqual([
      expect.stringMatching(/^stdout:2:3: server\.port must be/),
      expect.stringMatching(/^stdout:\d+:1: mongodb\.uri is required/),
    ]);
  });

  test("names that look like numbers stay text", () => {
    const { yaml, notes } = migrate(
      "locustClusters: [{ id: a, baseUrl: 'http://a', tenantId: team-7, projectId: 012 }]\n",
    );
    expect(yaml).toContain('orgId: "7"');
    expect(yaml).toContain('projectId: "012"');
    expect(notes).toEqual([]);
  });
});
