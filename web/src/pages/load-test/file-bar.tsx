import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { ScriptFile, ScriptFiles } from "../../api/script-files.ts";
import styles from "./script-panel.module.css";
import { PathDialog } from "./path-dialog.tsx";

type Props = {
  readonly script: ScriptFiles;
  /** The file that is shown; absent for one that the edit deletes. */
  readonly file: ScriptFile | undefined;
  readonly path: string;
  readonly mayWrite: boolean;
  readonly onChange: (path: string, file: ScriptFile | undefined) => void;
  readonly onShow: (path: string) => void;
};

const WHY_NOT = "Locust runs this file. Its name is said with a push, an upload or by API.";

const Verbs = ({
  script,
  file,
  mayWrite,
  onVerb,
  onDelete,
}: Pick<Props, "script" | "file" | "mayWrite"> & {
  readonly onVerb: (verb: "add" | "rename") => void;
  readonly onDelete: () => void;
}): ReactNode => {
  const role = mayWrite ? undefined : "This needs the role editor.";
  const reason = role ?? (file?.path === script.entrypoint ? WHY_NOT : undefined);
  return (
    <>
      <Button
        size="compact-sm"
        disabled={role !== undefined}
        title={role}
        onClick={() => onVerb("add")}
      >
        Add file
      </Button>
      {file !== undefined && (
        <>
          <Button
            size="compact-sm"
            disabled={reason !== undefined}
            title={reason}
            onClick={() => onVerb("rename")}
          >
            Rename file
          </Button>
          <Button
            size="compact-sm"
            disabled={reason !== undefined}
            title={reason}
            onClick={onDelete}
          >
            Delete file
          </Button>
        </>
      )}
    </>
  );
};

/** The name of the file that is shown, and what can be done with it. */
export const FileBar = ({
  script,
  file,
  path,
  mayWrite,
  onChange,
  onShow,
  children,
}: Props & { readonly children?: ReactNode }): ReactNode => {
  const [verb, setVerb] = useState<"add" | "rename" | undefined>(undefined);
  const others = script.files.map((one) => one.path).filter((one) => one !== path);
  const put = (to: string): void => {
    if (verb === "rename" && file !== undefined) {
      onChange(path, undefined);
      onChange(to, { ...file, path: to });
    } else onChange(to, { path: to, content: "", encoding: "utf-8" });
    onShow(to);
    setVerb(undefined);
  };
  return (
    <div className={styles["bar"]}>
      <bdi className={styles["path"]}>{path}</bdi>
      {path === script.entrypoint && script.files.length > 1 && (
        <span className="muted">Locust runs it</span>
      )}
      <div className={styles["verbs"]}>
        <Verbs
          script={script}
          file={file}
          mayWrite={mayWrite}
          onVerb={setVerb}
          onDelete={() => onChange(path, undefined)}
        />
        {children}
      </div>
      <PathDialog
        isOpen={verb !== undefined}
        verb={verb === "rename" ? "Rename file" : "Add file"}
        initial={verb === "rename" ? path : ""}
        others={verb === "rename" || file === undefined ? others : [...others, path]}
        onClose={() => setVerb(undefined)}
        onPath={put}
      />
    </div>
  );
};
