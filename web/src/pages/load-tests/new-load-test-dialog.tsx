import { Button, Group, Stack, TagsInput, Textarea } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, type SyntheticEvent, useRef, useState } from "react";
import { client, messageOf } from "../../api/client.ts";
import { refusedFields } from "../../api/form-errors.ts";
import { textOfScope } from "../../api/scope.ts";
import { DraftText } from "../../components/draft-fields.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Failure } from "../../components/notices.tsx";
import { useDraft } from "../../components/use-draft.ts";
import { useScopesOf } from "../../components/use-may.ts";
import { useScope } from "../../components/use-scope.ts";
import { randomId } from "../../lib/random-id.ts";
import {
  checkedScript,
  clonedScript,
  entrypointText,
  hasSeveralFiles,
  type ScriptFiles,
} from "../../api/script-files.ts";
import { hiddenNamesOf } from "../run-settings/settings-words.ts";
import { settingsDraftOf, withoutHidden } from "../run-settings/settings-draft.ts";
import { creationErrors, creationOf, draftOf, type SettingsDraft } from "./load-test-draft.ts";
import { scriptRequest } from "./script-request.ts";
import styles from "./new-load-test-dialog.module.css";
import { STARTER_SCRIPT } from "./starter-script.ts";

/** Another load test, whose settings and script the new one starts with. */
export type Original = { readonly loadTest: LoadTestAnswer; readonly script: ScriptFiles };

type Draft = SettingsDraft & {
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly envId: string;
  readonly locustfile: string;
};

const scopeOfDraft = ({ accountId, orgId, projectId, envId }: Draft): ScopeFilter => ({
  accountId: accountId.trim(),
  orgId: orgId.trim(),
  projectId: projectId.trim(),
  ...(envId.trim() === "" ? {} : { envId: envId.trim() }),
});

const initialOf = (scope: ScopeFilter, original: Original | undefined): Draft => {
  const { accountId = "", orgId = "", projectId = "", envId = "" } = original?.loadTest ?? scope;
  const name = original === undefined ? "" : `${original.loadTest.name.slice(0, 190)}, copy`;
  return {
    ...draftOf({ ...original?.loadTest, name }),
    // A run of another load test is none to compare with.
    ...(original?.loadTest.baseline?.kind === "run" ? { baseline: "none" as const } : {}),
    ...settingsDraftOf(withoutHidden(original?.loadTest ?? {})),
    ...{ accountId, orgId, projectId, envId },
    locustfile: original === undefined ? STARTER_SCRIPT : entrypointText(original.script),
  };
};

/** Creates the load test; a script of several files is checked before and saved after. */
const createWith = async (
  body: Record<string, unknown>,
  idempotencyKey: string,
  script: ScriptFiles | undefined,
) => {
  if (script !== undefined) {
    const { errors } = await client.checkScript({ body: checkedScript(script) });
    const [first] = errors;
    if (first !== undefined) {
      const where = first.line === undefined ? first.file : `${first.file}, line ${first.line}`;
      throw new Error(`The script does not compile: ${where}: ${first.message}.`);
    }
  }
  const made = await client.createLoadTest({
    body: body as Parameters<typeof client.createLoadTest>[0]["body"],
    idempotencyKey,
  });
  if (script === undefined) return made;
  try {
    await client.saveScript({ params: { loadTestId: made.id }, ...scriptRequest(script) });
  } catch (error) {
    throw new Error(
      `It has its settings, and not yet its script; create it again. ${messageOf(error)}`,
      { cause: error },
    );
  }
  return made;
};

const useCreation = (
  draft: Draft,
  original: Original | undefined,
  refuse: (errors: ReturnType<typeof refusedFields>) => void,
) => {
  const queries = useQueryClient();
  const navigate = useNavigate();
  // The same text sent twice makes one load test.
  const key = useRef({ body: "", id: "" });
  return useMutation({
    mutationFn: () => {
      const script = clonedScript(original?.script, draft.locustfile);
      const locustfile = script === undefined ? draft.locustfile : "";
      const body = creationOf(scopeOfDraft(draft), draft, locustfile);
      const text = JSON.stringify(body);
      if (key.current.body !== text) key.current = { body: text, id: randomId() };
      return createWith(body, key.current.id, script);
    },
    onError: (error) => refuse(refusedFields(error)),
    onSuccess: async (made) => {
      void queries.invalidateQueries({ queryKey: ["loadTests"] });
      void queries.invalidateQueries({ queryKey: ["scopes"] });
      await navigate({
        to: "/load-tests/$loadTestId",
        params: { loadTestId: made.id },
        search: { scope: textOfScope(made) },
      });
    },
  });
};

type FormProps = {
  readonly original: Original | undefined;
  readonly onClose: () => void;
};

type Fields = ReturnType<typeof useDraft<Draft>>["field"];

const ScopeFields = ({ field }: { readonly field: Fields }): ReactNode => (
  <fieldset className={styles["scope"]}>
    <legend>Where it belongs</legend>
    <DraftText label="Account" field={field("accountId")} withAsterisk />
    <DraftText label="Org" field={field("orgId")} withAsterisk />
    <DraftText label="Project" field={field("projectId")} withAsterisk />
    <DraftText label="Environment" field={field("envId")} placeholder="none" />
  </fieldset>
);

const LoadFields = ({ field }: { readonly field: Fields }): ReactNode => (
  <div className={styles["load"]}>
    <DraftText label="Users" inputMode="numeric" field={field("defaultUsers")} />
    <DraftText
      label="Spawn rate"
      inputMode="decimal"
      unit="users/s"
      field={field("defaultSpawnRate")}
    />
    <DraftText label="Duration" placeholder="until stopped" field={field("defaultDurationSec")} />
  </div>
);

/** Nobody is shown them, so that nobody can give them on. */
const NotCloned = ({ original }: { readonly original: Original | undefined }): ReactNode => {
  const names = hiddenNamesOf(original?.loadTest ?? {});
  return (
    names.length > 0 && (
      <p className="soft">
        Hidden values are not cloned; set them afterwards: <bdi>{names.join(", ")}</bdi>.
      </p>
    )
  );
};

const Form = ({ original: given, onClose }: FormProps): ReactNode => {
  // A clone is that of the moment when it was asked for, also where another saves a revision meanwhile.
  const [original] = useState(given);
  const shown = useScope();
  const scopes = useScopesOf("loadTests.write", shown) ?? [];
  // Where it can only belong to one scope nobody should have to type it.
  const scope = scopes.length === 1 ? (scopes[0] ?? shown) : shown;
  const isSeveral = original !== undefined && hasSeveralFiles(original.script);
  const { draft, field, check, refuse } = useDraft(initialOf(scope, original), (now) =>
    creationErrors(scopeOfDraft(now), now, isSeveral ? "" : now.locustfile),
  );
  const create = useCreation(draft, original, refuse);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (check()) create.mutate();
  };
  const tags = field("tags");
  const locustfile = field("locustfile");
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <DraftText label="Name" field={field("name")} data-autofocus withAsterisk />
        <DraftText
          label="Target URL"
          description="The system under test. Put only load on what is yours."
          placeholder="https://shop.example"
          inputMode="url"
          field={field("targetUrl")}
          withAsterisk
        />
        <ScopeFields field={field} />
        <LoadFields field={field} />
        <TagsInput
          label="Tags"
          placeholder="Enter adds one"
          value={tags.value}
          error={tags.error}
          onChange={tags.onChange}
          onBlur={tags.onBlur}
        />
        <Textarea
          label={isSeveral ? original.script.entrypoint : "locustfile.py"}
          description={
            isSeveral
              ? `The file that Locust runs. Every other file of the script is cloned with it: ${original.script.files.length - 1}.`
              : "What each user does, in Python. Its page has an editor; leave it empty where the cluster has its own."
          }
          classNames={{ input: styles["script"] ?? "" }}
          autosize
          minRows={6}
          maxRows={16}
          spellCheck={false}
          value={locustfile.value}
          error={locustfile.error}
          onChange={(event) => locustfile.onChange(event.currentTarget.value)}
          onBlur={locustfile.onBlur}
        />
        <NotCloned original={original} />
        {create.error !== null && (
          <Failure what="The load test was not created." error={create.error} />
        )}
        <Group justify="flex-end" gap="sm">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={create.isPending}>
            Create load test
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

export const NewLoadTestDialog = ({
  isOpen,
  onClose,
  title,
  original,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly original?: Original | undefined;
}): ReactNode => (
  <Dialog isOpen={isOpen} onClose={onClose} title={title} size={640}>
    <Form original={original} onClose={onClose} />
  </Dialog>
);
