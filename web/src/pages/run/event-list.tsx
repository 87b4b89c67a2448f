import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Empty } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { sinceStart, utc } from "../../format/times.ts";
import { lettersOf } from "./event-letters.ts";
import { eventText } from "./event-text.ts";
import styles from "./event-list.module.css";
import { GroupButton } from "./group-button.tsx";
import { eventsQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

/** What happened to the run, newest first, with the letters of the charts. */
export const EventList = ({
  view,
  onNote,
}: {
  readonly view: RunView;
  /** Absent where the caller may not add one. */
  readonly onNote: (() => void) | undefined;
}): ReactNode => {
  const { run, loadStartMs } = view;
  const { data } = useQuery(eventsQuery(run.id));
  const shown = lettersOf(data?.items ?? []).toReversed();
  return (
    <Panel
      title="Events"
      sub={data === undefined ? undefined : shown.length}
      end={
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} stroke={1.5} />}
          disabled={onNote === undefined}
          title={onNote === undefined ? "This needs the role runner." : undefined}
          onClick={onNote}
        >
          Add a note
        </Button>
      }
    >
      {shown.length === 0 ? (
        <Empty title="Nothing has happened yet." />
      ) : (
        <div className={styles["list"]} tabIndex={0} role="region" aria-label="List of events">
          <ol>
            {shown.map(({ event, letter }) => (
              <li key={letter}>
                <span className={styles["letter"]}>{letter}</span>
                {run.loadStartedAt === undefined ? (
                  <TimeText ms={event.at} hasSeconds />
                ) : (
                  <time dateTime={new Date(event.at).toISOString()} title={utc(event.at)}>
                    {sinceStart((event.at - loadStartMs) / 1000)}
                  </time>
                )}
                <span title={event.type}>{eventText(event)}</span>
                {event.type === "endpoint_groups_proposed" && run.loadTestId !== undefined && (
                  <div className={styles["action"]}>
                    <GroupButton event={event} run={{ ...run, loadTestId: run.loadTestId }} />
                  </div>
                )}
              </li>
            ))}
          </ol>
        </div>
      )}
    </Panel>
  );
};
