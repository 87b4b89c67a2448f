import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type ReactNode, type SyntheticEvent, useEffect, useRef, useState } from "react";
import { client, isUnauthorized, messageOf } from "../../api/client.ts";
import { useTitle } from "../../components/title.ts";
import styles from "./sign-in-page.module.css";

/** Only an address of this server: a link may not lead a person who signs in elsewhere. */
const targetOf = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])/.test(to) ? to : "/";

export const SignInPage = (): ReactNode => {
  useTitle("Sign in");
  const { to } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const signIn = useMutation({
    mutationFn: (given: string) => client.createSession({ body: { token: given } }),
    onSuccess: () => {
      queries.clear();
      // A new document: nothing that another caller has loaded is left.
      location.assign(targetOf(to));
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    signIn.mutate(token.trim());
  };
  const error = isUnauthorized(signIn.error)
    ? "The server knows no such token."
    : signIn.error && messageOf(signIn.error);
  return (
    <main className={styles["page"]}>
      <form className={styles["form"]} onSubmit={submit}>
        <h1>Load Manager</h1>
        <p className="soft">Sign in with an API token of this server.</p>
        <PasswordInput
          label="API token"
          ref={field}
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={error ?? undefined}
        />
        <Button
          type="submit"
          variant="filled"
          loading={signIn.isPending}
          disabled={token.trim() === ""}
        >
          Sign in
        </Button>
        <p className="muted">
          Tokens are in the server’s configuration, below security. The session lasts 12 hours
          without a request, and 7 days at most.
        </p>
      </form>
    </main>
  );
};
