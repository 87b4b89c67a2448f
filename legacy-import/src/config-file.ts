import { Document, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap } from "yaml";
import { readSettings } from "@load-manager/server/config/load-config.ts";
import { faultsError } from "@load-manager/server/config/problems.ts";
import { Settings } from "@load-manager/server/config/schema.ts";
import { parseYaml, type YamlFile } from "@load-manager/server/config/yaml-file.ts";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import { namesAt } from "@load-manager/server/lib/schema-names.ts";
import { fieldOf } from "@load-manager/contract/api/zod-messages.ts";
import { mapScope, type Mapping } from "./transform/mapping.ts";

type MigratedConfig = {
  readonly yaml: string;
  /** A line for each setting that is a comment now, with its place in the older file. */
  readonly notes: readonly string[];
  /** A line for each fault that a person must mend: clusters without a scope, which are comments now, and what today's server refuses, with its place in `yaml`. */
  readonly faults: readonly string[];
};

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : "");

const under = (above: string | null | undefined, more: string): string =>
  above === null || above === undefined || above === "" ? more : `${above}\n${more}`;

/** The text of a comment, without the `#`. */
const commented = (note: string, contents: unknown): string => {
  const part = new Document();
  part.contents = contents as typeof part.contents;
  const lines = part.toString({ lineWidth: 0 }).trimEnd().split("\n");
  return [note, ...lines].map((line) => ` ${line}`).join("\n");
};

/** Turns the item into a comment in the same place. */
const commentOut = (
  items: unknown[],
  owner: { comment?: string | null },
  index: number,
  text: string,
) => {
  const next = items[index + 1];
  const holder = isMap(items[index]) ? next : (next as Pair | undefined)?.key;
  items.splice(index, 1);
  if (isMap(holder) || isScalar(holder)) {
    holder.commentBefore = under(text, holder.commentBefore ?? "").trimEnd();
  } else owner.comment = under(owner.comment, text);
};

const pairOf = (map: YAMLMap, ...names: string[]): Pair | undefined =>
  map.items.find((pair) => names.includes(keyOf(pair)));

const textOf = (map: YAMLMap, ...names: string[]): string | undefined => {
  const value = pairOf(map, ...names)?.value;
  return isScalar(value) && value.value !== null
    ? (value.source ?? JSON.stringify(value.value))
    : undefined;
};

/** Replaces the tenant by its scope. Returns the reason where there is none. */
const rescope = (map: YAMLMap, mapping: Mapping): string | undefined => {
  const tenant = pairOf(map, "tenantId");
  if (tenant === undefined) {
    return pairOf(map, "accountId") === undefined ? "it has no tenantId" : undefined;
  }
  const mapped = mapScope(mapping, {
    tenantId: textOf(map, "tenantId"),
    projectId: textOf(map, "projectId", "projectID"),
    envId: textOf(map, "envId"),
  });
  if (!mapped.ok) return mapped.reason;
  const set = (pair: Pair, name: string, text: string): void => {
    if (isScalar(pair.key)) pair.key.value = name;
    if (isScalar(pair.value)) {
      pair.value.value = text;
      // The writer then quotes the text only where it needs quotes; the style of the older value would stay otherwise.
      pair.value.type = Scalar.PLAIN;
    } else pair.value = new Scalar(text);
  };
  const { accountId, ...below } = mapped.scope;
  set(tenant, "accountId", accountId);
  let after = map.items.indexOf(tenant);
  for (const [name, text] of Object.entries(below)) {
    if (text === undefined) continue;
    const known = name === "projectId" ? pairOf(map, "projectId", "projectID") : pairOf(map, name);
    if (known === undefined) {
      const pair = new Document().createPair(name, text) as Pair;
      map.items.splice(after + 1, 0, pair);
      after += 1;
    } else set(known, name, text);
  }
  return undefined;
};

type Failed = { readonly cluster: unknown; readonly why: string; readonly note: string };

const rescopeAll = ({ document, placeOf }: YamlFile, mapping: Mapping): Failed[] => {
  const clusters = document.get("locustClusters");
  if (!isSeq(clusters)) return [];
  return clusters.items.flatMap((cluster, index) => {
    const why = isMap(cluster) ? rescope(cluster, mapping) : "it is not a map";
    const path = ["locustClusters", index];
    const note = `${placeOf(path)}: ${fieldOf(path)} has no scope and is now a comment: ${why}`;
    return why === undefined ? [] : [{ cluster, why, note }];
  });
};

const dropFailed = ({ document }: YamlFile, failed: readonly Failed[]): void => {
  const clusters = document.get("locustClusters");
  if (!isSeq(clusters)) return;
  for (const { cluster, why } of failed.toReversed()) {
    const note = `This cluster has no scope (${why}):`;
    const text = commented(note, new Document([cluster]).contents);
    commentOut(clusters.items, clusters, clusters.items.indexOf(cluster), text);
  }
};

const isEmpty = (node: unknown): boolean =>
  isScalar(node) && (node.value === null || node.value === "");

/** Removes settings without a value, which older programs took for absent ones; their comments stay. */
const dropEmpty = (node: unknown, skip: ReadonlySet<unknown>): void => {
  if (isSeq(node)) for (const item of node.items) dropEmpty(item, skip);
  if (!isMap(node) || skip.has(node)) return;
  for (const pair of [...node.items]) {
    if (!isEmpty(pair.value)) {
      dropEmpty(pair.value, skip);
      continue;
    }
    const index = node.items.indexOf(pair);
    const comment = isScalar(pair.key) ? (pair.key.commentBefore ?? "") : "";
    if (comment === "") node.items.splice(index, 1);
    else commentOut(node.items, node, index, comment);
  }
};

/** Older programs kept everything in MongoDB where there was an address; today the kind of the store says so. */
const chooseStore = ({ document }: YamlFile): void => {
  const root = document.contents;
  if (!isMap(root) || !isMap(root.get("mongodb")) || document.hasIn(["store", "kind"])) return;
  const store = root.get("store");
  if (isMap(store)) {
    store.items.push(document.createPair("kind", "mongodb"));
    return;
  }
  const at = root.items.findIndex((pair) => keyOf(pair) === "mongodb");
  const pair = document.createPair("store", { kind: "mongodb" });
  root.items.splice(at, 0, pair);
  const mongodb = root.items[at + 1];
  // What is written above mongodb: stays there, but for the head of the file.
  if (at === 0 && isScalar(mongodb?.key) && isScalar(pair.key)) {
    pair.key.commentBefore = mongodb.key.commentBefore ?? null;
    mongodb.key.commentBefore = null;
  }
};

/** Turns settings that today's schema does not have into comments. */
const keepKnown = (
  file: YamlFile,
  node: unknown,
  path: readonly PropertyKey[],
  skip: ReadonlySet<unknown>,
): string[] => {
  if (skip.has(node)) return [];
  if (isSeq(node)) {
    return node.items.flatMap((item, index) => keepKnown(file, item, [...path, index], skip));
  }
  const names = namesAt(Settings, path);
  if (!isMap(node) || names.length === 0) return [];
  return [...node.items].flatMap((pair) => {
    const here = [...path, keyOf(pair)];
    if (names.includes(keyOf(pair))) return keepKnown(file, pair.value, here, skip);
    const note = `${file.placeOf(here)}: ${fieldOf(here)} is not a setting today; it is now a comment`;
    const before = isScalar(pair.key) ? pair.key.commentBefore : undefined;
    if (isScalar(pair.key)) pair.key.commentBefore = null;
    const alone = new Document({});
    if (isMap(alone.contents)) alone.contents.items.push(pair);
    const text = under(before, commented("Not a setting today:", alone.contents));
    commentOut(node.items, node, node.items.indexOf(pair), text);
    return [note];
  });
};

const written = (document: Document): string => {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (error) {
    const detail = `A setting that is removed has an anchor which another setting uses; replace the alias by its value first: ${messageOf(error)}`;
    throw new AppError("validation", detail);
  }
};

/**
 * Converts an older configuration, where each cluster has a tenant, into today's. Comments stay. Throws AppError validation
 * where the text is not YAML.
 */
export const migrateConfig = (text: string, name: string, mapping: Mapping): MigratedConfig => {
  const file = parseYaml(text, name);
  file.values();
  chooseStore(file);
  const failed = rescopeAll(file, mapping);
  const skip = new Set(failed.map(({ cluster }) => cluster));
  dropEmpty(file.document.contents, skip);
  const unknown = keepKnown(file, file.document.contents, [], skip);
  dropFailed(file, failed);
  const yaml = written(file.document);
  const printed = parseYaml(yaml, "stdout");
  const { faults } = readSettings(printed.values());
  const wrong = faults.length === 0 ? [] : faultsError(faults, printed.placeOf).message.split("\n");
  return { yaml, notes: unknown, faults: [...failed.map(({ note }) => note), ...wrong] };
};
