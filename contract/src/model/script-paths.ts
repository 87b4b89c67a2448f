/** What a script revision may hold at most. */
export const SCRIPT_LIMITS = { files: 1000, bytes: 50 * 1024 * 1024 } as const;

/** The file that Locust runs where nothing else is said. */
export const DEFAULT_ENTRYPOINT = "locustfile.py";

const PATH_CHARACTERS = 500;
const PATH_NAMES = 32;
/** The longest name of a file or folder on Linux. */
const NAME_BYTES = 255;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
/** What Python imports under the name `locust`, or under the plugin's, in the folder of the script, which comes first on its path. */
const HIDES = /^(locust|load_manager_locust)(?:\/|\.(?:[\w-]+\.)?(?:py|pyc|so)$)/;

/** What is wrong with the form of a path, as the end of a sentence that begins with its field. */
export const pathFormFault = (path: string): string | undefined => {
  if (path === "") return "must not be empty";
  if (path.length > PATH_CHARACTERS) return `must be at most ${PATH_CHARACTERS} characters long`;
  if (!path.isWellFormed()) return "must be valid Unicode";
  if (CONTROL.test(path)) return "must not contain control characters";
  if (path.includes("\\")) return "must not contain backslashes; folders are separated by /";
  if (path.startsWith("/")) return "must be relative, without a / at the beginning";
  if (/^[A-Za-z]:/.test(path)) return "must be relative, without a drive letter";
  const names = path.split("/");
  if (names.length > PATH_NAMES) return `must have at most ${PATH_NAMES} parts`;
  for (const name of names) {
    if (name === "") return "must not have empty parts";
    if (name === "." || name === "..") return "must not have . or .. as a part";
    if (new TextEncoder().encode(name).length > NAME_BYTES)
      return `must have names of at most ${NAME_BYTES} bytes`;
  }
  return undefined;
};

/** What is wrong with the path of a script's file, as the end of a sentence that begins with its field. */
export const scriptPathFault = (path: string): string | undefined => {
  const fault = pathFormFault(path);
  if (fault !== undefined) return fault;
  const hidden = HIDES.exec(path)?.[1];
  if (hidden === "locust") return `must not be ${path}: it would hide Locust itself; rename it`;
  if (hidden !== undefined) return `must not be ${path}: it would hide Load Manager's plugin`;
  return undefined;
};

/** What is wrong with a path as the file that Locust runs, beyond the rules for any path. */
export const entrypointFault = (path: string): string | undefined => {
  if (!path.endsWith(".py")) return "must end in .py";
  // Locust loads the file as a module of that name, in the place of itself.
  if (/(?:^|\/)locust\.py$/.test(path)) return "must not be called locust.py, as Locust itself is";
  // Locust takes a comma as the end of a name.
  if (/^[-~]|,/.test(path)) return "must not begin with - or ~ or contain a comma";
  return undefined;
};

/** Equal for names that some file systems take for the same. */
const folded = (name: string): string =>
  name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");

/** Where the paths of a script contradict each other: the place of the later one, and why. */
export const conflictingPaths = (
  paths: readonly string[],
): { readonly index: number; readonly message: string }[] => {
  const seen = new Map<string, { readonly path: string; readonly isFile: boolean }>();
  const faultOf = (path: string): string | undefined => {
    const names = path.split("/");
    let key = "";
    for (const [last, name] of names.entries()) {
      key += `/${folded(name)}`;
      const part = names.slice(0, last + 1).join("/");
      const isFile = last === names.length - 1;
      const known = seen.get(key);
      if (known === undefined) seen.set(key, { path: part, isFile });
      else if (known.isFile !== isFile) {
        return `must not make ${known.path} a file and a folder at once`;
      } else if (known.path !== part) {
        return `must not differ from ${known.path} in case or Unicode form alone`;
      } else if (isFile) return `must not be there twice: ${path}`;
    }
    return undefined;
  };
  return paths.flatMap((path, index) => {
    const message = faultOf(path);
    return message === undefined ? [] : [{ index, message }];
  });
};
