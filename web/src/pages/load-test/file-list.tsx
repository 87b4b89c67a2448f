import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { ReactNode } from "react";
import { counted } from "../../format/numbers.ts";
import styles from "./file-list.module.css";
import { type FileRow, type Folder, treeOf } from "./file-tree.ts";

/** Above it only the folders around the shown file are open at first. */
const MOST_OPEN = 60;
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

const move = (list: HTMLElement, event: KeyboardEvent): void => {
  const step = STEPS[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  // What is in a closed folder has no place on the screen.
  const stops = [...list.querySelectorAll<HTMLElement>("button, summary")].filter((stop) =>
    stop.checkVisibility(),
  );
  const next = stops[stops.indexOf(event.target) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
};

/** Arrows go from one file or folder to the next. */
const arrowKeys = (list: HTMLElement | null): (() => void) | undefined => {
  if (list === null) return undefined;
  const press = (event: KeyboardEvent): void => move(list, event);
  list.addEventListener("keydown", press);
  return () => list.removeEventListener("keydown", press);
};

type Shared = {
  readonly shown: string;
  readonly errors: readonly ScriptProblem[];
  readonly isOpen: boolean;
  readonly onShow: (path: string) => void;
};

const Row = ({ row, ...shared }: Shared & { readonly row: FileRow }): ReactNode => {
  const { shown, errors, onShow } = shared;
  const { path, name, mark } = row;
  const wrong = errors.filter(({ file }) => file === path).length;
  // What is read begins with the path and has what is seen, word by word.
  const parts = [path, mark, wrong === 0 ? undefined : counted(wrong, "error")];
  return (
    <li>
      <button
        type="button"
        className={styles["file"]}
        aria-label={parts.filter((part) => part !== undefined).join(" ")}
        aria-current={path === shown ? "true" : undefined}
        title={path}
        onClick={() => onShow(path)}
      >
        <bdi className={mark === "deleted" ? styles["deleted"] : styles["name"]}>{name}</bdi>{" "}
        {mark !== undefined && <span className={styles["mark"]}>{mark}</span>}{" "}
        {wrong > 0 && <span className={styles["wrong"]}>{counted(wrong, "error")}</span>}
      </button>
    </li>
  );
};

const Branch = ({ folder, ...shared }: Shared & { readonly folder: Folder }): ReactNode => (
  <ul>
    {folder.folders.map((inner) => (
      <li key={inner.path}>
        <details open={shared.isOpen || shared.shown.startsWith(`${inner.path}/`)}>
          <summary className={styles["folder"]}>
            <bdi>{inner.name}</bdi>
          </summary>
          <Branch folder={inner} {...shared} />
        </details>
      </li>
    ))}
    {folder.files.map((row) => (
      <Row key={row.path} row={row} {...shared} />
    ))}
  </ul>
);

/** The files of a script by folders, to choose one. */
export const FileList = ({
  rows,
  shown,
  errors,
  onShow,
}: Omit<Shared, "isOpen"> & { readonly rows: readonly FileRow[] }): ReactNode => (
  <nav ref={arrowKeys} aria-label="Files of the script" className={styles["list"]}>
    <Branch
      folder={treeOf(rows)}
      shown={shown}
      errors={errors}
      isOpen={rows.length <= MOST_OPEN}
      onShow={onShow}
    />
  </nav>
);
