import { useQuery } from "@tanstack/react-query";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { type ReactNode, useCallback, useState } from "react";
import { isShown, type ScriptFile } from "../../api/script-files.ts";
import { CodeText } from "../../components/code-text.tsx";
import { Failure, Loading } from "../../components/notices.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { sizeText, UnshownFile } from "../../components/unshown-file.tsx";
import { ResolvedSettings } from "./resolved-settings.tsx";
import styles from "./run-details.module.css";
import { scriptQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";
import { WorkerTable } from "./worker-table.tsx";

type FileProps = { readonly file: ScriptFile; readonly title: string };

const File = ({ file, title }: FileProps): ReactNode => (
  <figure>
    <figcaption className="muted">{title}</figcaption>
    {isShown(file) ? (
      <CodeText label={title} className={styles["code"]}>
        {file.content}
      </CodeText>
    ) : (
      <UnshownFile file={file} />
    )}
  </figure>
);

const FoldedFile = ({
  isFirst,
  ...props
}: FileProps & { readonly isFirst: boolean }): ReactNode => {
  const [isOpen, setOpen] = useState(isFirst);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles["file"]}>
        <bdi className="mono">{props.file.path}</bdi>{" "}
        <span className="muted">{sizeText(props.file)}</span>
      </summary>
      {isOpen && <File {...props} />}
    </details>
  );
};

const Script = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const script = useQuery({
    ...scriptQuery(run.loadTestId ?? "", run.scriptRevisionId ?? ""),
    enabled: run.loadTestId !== undefined && run.scriptRevisionId !== undefined,
  });
  if (run.scriptRevisionId === undefined)
    return <p>The cluster’s own script ran; the server does not have it.</p>;
  if (script.error !== null)
    return <Failure what="The script cannot be read." error={script.error} />;
  if (script.data === undefined) return <Loading lines={8} />;
  const { files, entrypoint, revisionNumber } = script.data;
  if (files.length === 1)
    return files.map((file) => (
      <File key={file.path} file={file} title={`${file.path}, revision ${revisionNumber}`} />
    ));
  // Locust's file first, and open; the others by their paths.
  const first = files.filter(({ path }) => path === entrypoint);
  const others = files.filter(({ path }) => path !== entrypoint);
  return [...first, ...others].map((file) => (
    <FoldedFile
      key={file.path}
      file={file}
      title={`${file.path}, revision ${revisionNumber}`}
      isFirst={file.path === entrypoint}
    />
  ));
};

const Section = ({
  title,
  isFirstOpen = false,
  isAskedFor = false,
  children,
}: {
  readonly title: string;
  readonly isFirstOpen?: boolean;
  /** Somebody has asked for it: it is open, and in sight. */
  readonly isAskedFor?: boolean;
  readonly children: ReactNode;
}): ReactNode => {
  const [isOpen, setOpen] = useState(isFirstOpen || isAskedFor);
  const scroll = useCallback(
    (element: HTMLDetailsElement | null) => {
      if (isAskedFor) element?.scrollIntoView({ block: "start" });
    },
    [isAskedFor],
  );
  return (
    <details
      ref={scroll}
      className={styles["section"]}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{title}</summary>
      {isOpen && <PanelBody>{children}</PanelBody>}
    </details>
  );
};

/** The Locust processes, the script as it ran, the settings as they were resolved, and the log of a Locust that ended. */
export const RunDetails = ({
  view,
  scriptAsked,
}: {
  readonly view: RunView;
  /** How often somebody has asked for the script. */
  readonly scriptAsked: number;
}): ReactNode => {
  const { run } = view;
  return (
    <Panel label="Details">
      {run.loadStartedAt !== undefined && (
        <Section title="Locust processes">
          <WorkerTable view={view} />
        </Section>
      )}
      {run.statusReason?.logTail !== undefined && (
        <Section title="Locust’s log, its end" isFirstOpen={run.status === "Failed"}>
          <CodeText label="Locust’s log, its end" className={styles["code"]}>
            {run.statusReason.logTail.join("\n")}
          </CodeText>
        </Section>
      )}
      <Section key={scriptAsked} title="Script as it ran" isAskedFor={scriptAsked > 0}>
        <Script run={run} />
      </Section>
      <Section title="Settings as resolved">
        <ResolvedSettings run={run} />
      </Section>
    </Panel>
  );
};
