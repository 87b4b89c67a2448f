import { Pill } from "@mantine/core";
import type { ReactNode } from "react";

/** The tags that narrow a list; each can be taken away. */
export const FilterTags = ({
  tags,
  onRemove,
}: {
  readonly tags: readonly string[];
  readonly onRemove: (tag: string) => void;
}): ReactNode =>
  tags.map((tag) => (
    <Pill
      key={tag}
      withRemoveButton
      // Mantine hides the button from the keyboard and from screen readers.
      removeButtonProps={{
        "aria-label": `Without the tag ${tag}`,
        "aria-hidden": false,
        tabIndex: 0,
      }}
      onRemove={() => onRemove(tag)}
    >
      <bdi>{tag}</bdi>
    </Pill>
  ));
