import { Button, Textarea } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { UpdateLoadTest } from "@load-manager/contract/api/load-test.ts";
import { type ReactNode, type SyntheticEvent, useEffect, useState } from "react";
import { type FieldErrors, isStale, refusedFields, schemaErrors } from "../../api/form-errors.ts";
import { useSaveRules } from "../../components/use-save-rules.ts";
import { Failure } from "../../components/notices.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { useMay } from "../../components/use-may.ts";
import { isTextOf, lineOfRule, rulesOfText, textOfRules } from "../../components/endpoint-rules.ts";

/** The first error in a body, with the line of its rule. */
const errorIn = (text: string, errors: FieldErrors): string | undefined => {
  const [first] = Object.entries(errors).filter(([field]) => field.startsWith("endpointGroups"));
  if (first === undefined) return undefined;
  const [field, message] = first;
  const { index, part = "It" } =
    /^endpointGroups\[(?<index>\d+)\](?:\.(?<part>\w+))?/.exec(field)?.groups ?? {};
  const line = index === undefined ? undefined : lineOfRule(text, Number(index));
  return line === undefined ? `The rules ${message}.` : `Line ${line}: the ${part} ${message}.`;
};

type Draft = { readonly text: string; readonly base: string };

const useRules = (loadTest: LoadTestAnswer) => {
  const rules = loadTest.endpointGroups ?? [];
  const stored = textOfRules(rules);
  const [draft, setDraft] = useState<Draft>();
  const save = useSaveRules(loadTest);
  const text = draft?.text ?? stored;
  const isDirty = text !== stored;
  const change = (typed: string): void => setDraft({ text: typed, base: draft?.base ?? stored });
  const discard = (): void => {
    setDraft(undefined);
    save.reset();
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (isDirty) save.mutate(rulesOfText(text), { onSuccess: () => setDraft(undefined) });
  };
  const body = { endpointGroups: rulesOfText(text) };
  const error = isDirty
    ? (errorIn(text, schemaErrors(UpdateLoadTest, body)) ??
      errorIn(text, refusedFields(save.error)))
    : undefined;
  const isConflict = isDirty && draft !== undefined && draft.base !== stored;
  const isEditable = isTextOf(stored, rules);
  return { text, isDirty, isConflict, isEditable, error, save, change, discard, submit };
};

/** The rules by which the runs of a load test count many names as one endpoint. */
export const EndpointGroupsPanel = ({
  loadTest,
  onDirty,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly onDirty: (isDirty: boolean) => void;
}): ReactNode => {
  const { text, isDirty, isConflict, isEditable, error, save, change, discard, submit } =
    useRules(loadTest);
  const mayWrite = useMay("loadTests.write", loadTest);
  useEffect(() => onDirty(isDirty), [isDirty, onDirty]);
  const sub = mayWrite
    ? isEditable
      ? undefined
      : "read only: only the API can change one of these rules"
    : "read only: changes need the role editor";
  return (
    <form noValidate onSubmit={submit} aria-label="Endpoint groups">
      <Panel
        title="Endpoint groups"
        sub={sub}
        end={
          <>
            <Button size="compact-sm" disabled={!isDirty} onClick={discard}>
              {isConflict ? "Use theirs" : "Discard"}
            </Button>
            <Button
              size="compact-sm"
              type="submit"
              variant={isDirty ? "filled" : "default"}
              disabled={!isDirty || error !== undefined}
              title={isDirty ? error : "Nothing has changed."}
              loading={save.isPending}
            >
              {isConflict ? "Replace theirs with mine" : "Save groups"}
            </Button>
          </>
        }
      >
        <PanelBody>
          {save.error !== null && error === undefined && !isStale(save.error) && (
            <Failure what="The rules were not saved." error={save.error} />
          )}
          {isConflict && (
            <p role="alert">
              <bdi>{loadTest.updatedBy}</bdi> changed these rules meanwhile.
            </p>
          )}
          <Textarea
            label="Rules"
            description="One a line, the first that matches counts. * is a part of a path or a value; = gives a name."
            placeholder="GET /products/* = Product"
            autosize
            minRows={2}
            maxRows={12}
            spellCheck={false}
            disabled={!mayWrite || !isEditable}
            value={text}
            error={error}
            onChange={(event) => change(event.currentTarget.value)}
          />
        </PanelBody>
      </Panel>
    </form>
  );
};
