import { wordOf } from "../../components/run-state.tsx";
import { moment } from "../../format/times.ts";
import { tagsOf } from "../../lib/tag-list.ts";
import { type RunsSearch, SPANS, verdictName } from "./search.ts";

/** What the filters ask for, in words. `loadTest`: the name of the chosen one. */
export const askedText = (search: RunsSearch, loadTest: string | undefined): string => {
  const { status, verdict, loadTestId, q, tags, since, from, to } = search;
  return [
    q === undefined ? [] : [`“${q}” in the name`],
    status === undefined ? [] : [status.map(wordOf).join(" or ")],
    verdict === undefined ? [] : [`the verdict ${verdict.map(verdictName).join(" or ")}`],
    loadTestId === undefined ? [] : [`the load test ${loadTest ?? loadTestId}`],
    tags === undefined ? [] : [`the tags ${tagsOf(tags).join(" and ")}`],
    since === undefined ? [] : [SPANS[since].label.toLowerCase()],
    from === undefined ? [] : [`from ${moment(from)}`],
    to === undefined ? [] : [`before ${moment(to)}`],
  ]
    .flat()
    .join(", ");
};
