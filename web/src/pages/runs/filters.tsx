import { MultiSelect, Select, TextInput } from "@mantine/core";
import { RUN_STATUSES } from "@load-manager/contract/model/run-status.ts";
import { type ReactNode, useState } from "react";
import { FilterTags } from "../../components/filter-tags.tsx";
import { wordOf } from "../../components/run-state.tsx";
import { SearchField } from "../../components/search-field.tsx";
import { tagsOf, withoutTag, withTag } from "../../lib/tag-list.ts";
import type { LoadTestNames } from "./columns.tsx";
import styles from "./runs-page.module.css";
import { type RunsSearch, type Span, SPANS, VERDICTS, verdictName } from "./search.ts";

export type Change = (changed: { readonly [Name in keyof RunsSearch]?: unknown }) => void;

/** `2026-11-30T10:15`, as a field for a local time has it. */
const localText = (ms: number | undefined): string =>
  ms === undefined
    ? ""
    : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const msOf = (local: string): number | undefined => {
  const ms = new Date(local).getTime();
  return Number.isNaN(ms) ? undefined : ms;
};

const STATUSES = RUN_STATUSES.map((value) => ({ value, label: wordOf(value) }));
const CHOSEN_TIME = "chosen";

const TimeFilter = ({
  search,
  change,
}: {
  readonly search: RunsSearch;
  readonly change: Change;
}): ReactNode => {
  const [isChosen, setChosen] = useState(search.from !== undefined || search.to !== undefined);
  const choose = (value: string | null): void => {
    setChosen(value === CHOSEN_TIME);
    if (value === CHOSEN_TIME) change({ since: undefined });
    else change({ since: value === "" ? undefined : value, from: undefined, to: undefined });
  };
  return (
    <>
      <Select
        size="xs"
        w={140}
        aria-label="Time"
        allowDeselect={false}
        value={isChosen ? CHOSEN_TIME : (search.since ?? "")}
        data={[
          { value: "", label: "Any time" },
          ...(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: SPANS[value].label })),
          { value: CHOSEN_TIME, label: "From, to" },
        ]}
        onChange={choose}
      />
      {isChosen && (
        <>
          <TextInput
            size="xs"
            type="datetime-local"
            aria-label="Created from"
            value={localText(search.from)}
            onChange={(event) => change({ from: msOf(event.currentTarget.value) })}
          />
          <TextInput
            size="xs"
            type="datetime-local"
            aria-label="Created before"
            value={localText(search.to)}
            onChange={(event) => change({ to: msOf(event.currentTarget.value) })}
          />
        </>
      )}
    </>
  );
};

const TagFilter = ({
  search,
  change,
}: {
  readonly search: RunsSearch;
  readonly change: Change;
}): ReactNode => {
  const [typed, setTyped] = useState("");
  const add = (): void => {
    if (typed.trim() === "") return;
    change({ tags: withTag(search.tags, typed.trim()) });
    setTyped("");
  };
  return (
    <>
      <TextInput
        size="xs"
        w={110}
        aria-label="Tag"
        placeholder="Tag, Enter"
        maxLength={64}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === "Enter") add();
        }}
      />
      <FilterTags
        tags={tagsOf(search.tags)}
        onRemove={(tag) => change({ tags: withoutTag(search.tags, tag) })}
      />
    </>
  );
};

/** What narrows the list of runs; all of it is in the address. */
export const RunFilters = ({
  search,
  change,
  loadTestNames,
}: {
  readonly search: RunsSearch;
  readonly change: Change;
  readonly loadTestNames: LoadTestNames;
}): ReactNode => {
  const chosen = search.loadTestId;
  const loadTests = [...loadTestNames].map(([value, label]) => ({ value, label }));
  if (chosen !== undefined && !loadTestNames.has(chosen))
    loadTests.push({ value: chosen, label: chosen });
  return (
    <>
      <SearchField
        label="Search runs by name"
        value={search.q ?? ""}
        onChange={(q) => change({ q: q === "" ? undefined : q })}
      />
      <MultiSelect
        size="xs"
        className={styles["statuses"] ?? ""}
        aria-label="State"
        placeholder={search.status === undefined ? "Any state" : ""}
        data={STATUSES}
        value={[...(search.status ?? [])]}
        onChange={(status) => change({ status: status.length === 0 ? undefined : status })}
      />
      <MultiSelect
        size="xs"
        className={styles["verdicts"] ?? ""}
        aria-label="Verdict"
        placeholder={search.verdict === undefined ? "Any verdict" : ""}
        data={VERDICTS.map((value) => ({ value, label: verdictName(value) }))}
        value={[...(search.verdict ?? [])]}
        onChange={(verdict) => change({ verdict: verdict.length === 0 ? undefined : verdict })}
      />
      <Select
        size="xs"
        w={200}
        aria-label="Load test"
        placeholder="Any load test"
        searchable
        clearable
        clearButtonProps={{ "aria-label": "Any load test" }}
        nothingFoundMessage="No load test has this in its name."
        data={loadTests}
        value={chosen ?? null}
        onChange={(loadTestId) => change({ loadTestId: loadTestId ?? undefined })}
      />
      <TagFilter search={search} change={change} />
      <TimeFilter search={search} change={change} />
    </>
  );
};
