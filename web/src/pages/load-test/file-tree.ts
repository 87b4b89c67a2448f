import { isSame, type ScriptFile } from "../../api/script-files.ts";

/** What an edit does to a file. */
type FileMark = "new" | "edited" | "deleted";
export type FileRow = {
  readonly path: string;
  readonly name: string;
  readonly mark: FileMark | undefined;
};
export type Folder = {
  readonly path: string;
  readonly name: string;
  readonly folders: readonly Folder[];
  readonly files: readonly FileRow[];
};

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const markOf = (
  before: ScriptFile | undefined,
  after: ScriptFile | undefined,
): FileMark | undefined => {
  if (before === undefined) return "new";
  if (after === undefined) return "deleted";
  return isSame(before, after) ? undefined : "edited";
};

/** Every file of a revision and of what an edit makes of it, by path. */
export const fileRows = (
  before: readonly ScriptFile[],
  after: readonly ScriptFile[],
): FileRow[] => {
  const old = new Map(before.map((file) => [file.path, file]));
  const now = new Map(after.map((file) => [file.path, file]));
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().map((path) => ({
    path,
    name: nameOf(path),
    mark: markOf(old.get(path), now.get(path)),
  }));
};

/** Files by folders, each folder's own after those of the folders in it. */
export const treeOf = (rows: readonly FileRow[], path = ""): Folder => {
  const prefix = path === "" ? "" : `${path}/`;
  const inside = rows.filter((row) => row.path.startsWith(prefix));
  const below = (row: FileRow): string => row.path.slice(prefix.length);
  const names = inside
    .map((row) => below(row).split("/"))
    .flatMap(([first = "", ...rest]) => (rest.length === 0 ? [] : [first]));
  return {
    path,
    name: nameOf(path),
    folders: [...new Set(names)].map((name) => treeOf(inside, `${prefix}${name}`)),
    files: inside.filter((row) => !below(row).includes("/")),
  };
};

/** The file that is shown: the chosen one while it is there, otherwise the one that Locust runs. */
export const shownPath = (
  rows: readonly FileRow[],
  chosen: string | undefined,
  entrypoint: string,
): string =>
  chosen !== undefined && rows.some(({ path }) => path === chosen) ? chosen : entrypoint;
