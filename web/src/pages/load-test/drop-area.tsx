import { type ReactNode, useEffect, useRef } from "react";
import { useLatest } from "../../lib/use-latest.ts";
import { type Dropped, uploadOfDrop } from "./read-upload.ts";
import styles from "./upload.module.css";
import type { Uploading } from "./use-upload.ts";

const hasFiles = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes("Files") === true;

const listen = (area: HTMLElement, onDrop: (dropped: Dropped[]) => void): (() => void) => {
  const over = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    area.dataset["dropping"] = "";
  };
  const leave = (): void => {
    delete area.dataset["dropping"];
  };
  const drop = (event: DragEvent): void => {
    leave();
    if (!hasFiles(event)) return;
    event.preventDefault();
    // An editor would take the text of the file.
    event.stopPropagation();
    const items = [...(event.dataTransfer?.items ?? [])];
    onDrop(items.flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []));
  };
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  area.addEventListener("dragover", over, options);
  area.addEventListener("dragleave", leave, options);
  area.addEventListener("drop", drop, options);
  return () => stop.abort();
};

/** Where a folder or an archive can be dropped, also over an editor. */
export const DropArea = ({
  uploading,
  children,
}: {
  readonly uploading: Uploading;
  readonly children: ReactNode;
}): ReactNode => {
  const host = useRef<HTMLDivElement>(null);
  const latest = useLatest(uploading);
  useEffect(() => {
    if (host.current === null) return undefined;
    return listen(host.current, (dropped) => {
      const { read, reason } = latest.current;
      read(reason === undefined ? uploadOfDrop(dropped) : Promise.reject(new Error(reason)));
    });
  }, [latest]);
  return (
    <div ref={host} className={styles["area"]}>
      {children}
    </div>
  );
};
