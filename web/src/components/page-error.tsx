import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { messageOf } from "../api/client.ts";
import { Empty } from "./notices.tsx";

/** In place of a page that has failed: mostly one whose files are gone because the server was replaced by another version. */
export const PageError = ({ error }: { readonly error: unknown }): ReactNode => (
  <Empty title="This page could not be shown.">
    <p>{messageOf(error)}</p>
    <p className="muted">
      The server may have been replaced by another version since it was opened.
    </p>
    <Button onClick={() => location.reload()}>Load it again</Button>
  </Empty>
);
