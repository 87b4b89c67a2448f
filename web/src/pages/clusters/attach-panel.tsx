import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { meQuery } from "../../api/queries.ts";
import { nameOfScope, scopeOfText, textOfScope } from "../../api/scope.ts";
import { Copyable } from "../../components/copyable.tsx";
import { Panel } from "../../components/panel.tsx";
import { useScope } from "../../components/use-scope.ts";
import { useScopes } from "../../components/use-scopes.ts";
import { configuration, INSTALL, startCommands } from "./attach.ts";
import styles from "./clusters-page.module.css";

/** The scope of the commands: that of the page, or a project in it to choose where the page shows more than one project. */
const useProject = () => {
  const shown = useScope();
  const [chosen, setChosen] = useState<string | null>(null);
  const { data: me } = useQuery(meQuery);
  // Nothing may be stored in a scope yet that the caller has a role in.
  const granted = (me?.grants ?? []).map(({ scope }) => scope);
  const stored = useScopes();
  const known = new Map([...stored, ...granted].map((one) => [textOfScope(one), one]));
  const projects = [...known.values()].filter(
    ({ accountId, orgId, projectId }) =>
      projectId !== undefined &&
      (shown.accountId ?? accountId) === accountId &&
      (shown.orgId ?? orgId) === orgId,
  );
  if (shown.projectId !== undefined || projects.length === 0)
    return { scope: shown, choice: undefined };
  const data = projects.map((one) => ({ value: textOfScope(one) ?? "", label: nameOfScope(one) }));
  return {
    scope: chosen === null ? (projects[0] ?? shown) : scopeOfText(chosen),
    choice: projects.length > 1 && (
      <Select
        label="For the project or environment"
        data={data}
        value={chosen ?? data[0]?.value ?? null}
        allowDeselect={false}
        maw={360}
        onChange={setChosen}
      />
    ),
  };
};

/** How a Locust of one's own becomes a cluster. */
export const AttachPanel = (): ReactNode => {
  const { scope, choice } = useProject();
  const { data: me } = useQuery(meQuery);
  const needsToken = me?.signIn !== false;
  return (
    <Panel
      title="Attach your own Locust"
      sub="three steps; Stop in Locust’s own page goes on working"
    >
      <ol className={styles["steps"]}>
        <li>
          <h3>1. Install the plugin</h3>
          <p>
            In a copy of Load Manager’s source, on the master and on every worker. Locust 2.12.1 or
            newer.
          </p>
          <Copyable text={INSTALL} label="Install the plugin" />
          <p className="muted">
            Without it Locust is polled: no merged percentiles, no gaps shown, and runs do not end
            by themselves while this server is away.
          </p>
        </li>
        <li>
          <h3>2. Tell Locust where to report, and start it</h3>
          <p>
            {needsToken ? (
              <>
                The token is the server’s <code>security.locustCallbackToken</code>; it opens
                nothing but reporting.
              </>
            ) : (
              <>
                This server asks for no tokens. Where its configuration names a{" "}
                <code>security.locustCallbackToken</code> all the same, Locust needs it as{" "}
                <code>LOAD_MANAGER_TOKEN</code>.
              </>
            )}
          </p>
          {choice}
          <Copyable text={startCommands(location.origin, scope, needsToken)} label="Start Locust" />
        </li>
        <li>
          <h3>3. Name it in the configuration</h3>
          <p>
            <code>load-manager.yaml</code>; a reload takes it over, and runs go on. Clusters that
            are named replace the local one that serves everything without them.
          </p>
          <Copyable text={configuration(scope)} label="The cluster in the configuration" />
          <p className="muted">It then appears above as idle, with its versions and workers.</p>
        </li>
      </ol>
    </Panel>
  );
};
