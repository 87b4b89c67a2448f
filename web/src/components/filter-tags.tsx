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
      removeButtonProps={{ "aria-label": `Without the tag ${tag}`, tabIndex: 0 }}
      onRemove={() => onRemove(tag)}
    >
      <bdi>{tag}</bdi>
    </Pill>
  ));
