import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./show-more.module.css";

type Pages = {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
};

/** Below a list whose end has not come yet. */
export const ShowMore = ({
  pages: { hasNextPage, isFetchingNextPage, fetchNextPage },
}: {
  readonly pages: Pages;
}): ReactNode =>
  hasNextPage && (
    <div className={styles["more"]}>
      <Button size="compact-sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        Show more
      </Button>
    </div>
  );
