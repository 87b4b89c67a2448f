import { Button, Menu, Spoiler } from "@mantine/core";
import { IconCopy, IconDots, IconSettings } from "@tabler/icons-react";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { PageHead } from "../../components/page-head.tsx";
import { Tags } from "../../components/tags.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { useMay } from "../../components/use-may.ts";
import type { ScriptFiles } from "../../api/script-files.ts";
import { NewLoadTestDialog } from "../load-tests/new-load-test-dialog.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import styles from "./load-test-page.module.css";

type Props = {
  readonly loadTest: LoadTestAnswer;
  /** The script as it was saved, for a clone; absent until it has been read. */
  readonly script: ScriptFiles | undefined;
};

const goToSettings = (): void => {
  const form = document.querySelector<HTMLElement>("#settings");
  form?.scrollIntoView({ block: "start" });
  form?.querySelector("input")?.focus({ preventScroll: true });
};

/** Title, tags, what it is for, and what can be done with it. */
export const LoadTestHead = ({ loadTest, script }: Props): ReactNode => {
  const [dialog, setDialog] = useState<"clone" | "delete" | undefined>(undefined);
  const mayWrite = useMay("loadTests.write", loadTest);
  const mayDelete = useMay("loadTests.delete", loadTest);
  const unread = script === undefined ? "The script has not been read." : undefined;
  const reason = mayWrite ? unread : "This needs the role editor.";
  const close = (): void => setDialog(undefined);
  const { accountId, orgId, projectId, envId } = loadTest;
  return (
    <PageHead
      crumbs={
        <>
          <Link to="/load-tests">Load tests</Link> / <bdi>{loadTest.name}</bdi>
        </>
      }
      title={loadTest.name}
      beside={<Tags tags={loadTest.tags} />}
      actions={
        <>
          <Button leftSection={<IconSettings size={16} stroke={1.5} />} onClick={goToSettings}>
            Edit settings
          </Button>
          <Button
            leftSection={<IconCopy size={16} stroke={1.5} />}
            disabled={reason !== undefined}
            title={reason}
            onClick={() => setDialog("clone")}
          >
            Clone
          </Button>
          <Menu position="bottom-end" withinPortal={false}>
            <Menu.Target>
              <Button px={8} aria-label="More actions">
                <IconDots size={16} stroke={1.5} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item disabled={!mayDelete} onClick={() => setDialog("delete")}>
                {mayDelete ? "Delete load test" : "Delete load test (needs the role admin)"}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {loadTest.description !== undefined && (
        <Spoiler maxHeight={80} showLabel="Show all" hideLabel="Show less" fz="sm">
          <p className={styles["description"]}>
            <bdi>{loadTest.description}</bdi>
          </p>
        </Spoiler>
      )}
      <p className={styles["facts"]}>
        <span>
          {accountId} / {orgId} / {projectId}
          {envId === undefined ? "" : ` · ${envId}`}
        </span>
        <span>
          <span className="muted">changed</span> <TimeText ms={loadTest.updatedAt} />{" "}
          <span className="muted">by</span> <bdi>{loadTest.updatedBy}</bdi>
        </span>
      </p>
      <NewLoadTestDialog
        isOpen={dialog === "clone"}
        onClose={close}
        title="Clone load test"
        original={script === undefined ? undefined : { loadTest, script }}
      />
      <DeleteDialog loadTest={loadTest} isOpen={dialog === "delete"} onClose={close} />
    </PageHead>
  );
};
