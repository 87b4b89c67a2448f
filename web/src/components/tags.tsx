import type { ReactNode } from "react";
import styles from "./tags.module.css";

/** Tags beside a name. With `onChoose` each is a button, which narrows the list to it. */
export const Tags = ({
  tags,
  onChoose,
}: {
  readonly tags: readonly string[];
  readonly onChoose?: (tag: string) => void;
}): ReactNode =>
  tags.map((tag) =>
    onChoose === undefined ? (
      <bdi key={tag} className={styles["tag"]}>
        {tag}
      </bdi>
    ) : (
      <button
        key={tag}
        type="button"
        className={styles["tag"]}
        title={`Only with the tag ${tag}`}
        onClick={() => onChoose(tag)}
      >
        <bdi>{tag}</bdi>
      </button>
    ),
  );
