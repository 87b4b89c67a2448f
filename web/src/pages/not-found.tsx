import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Empty } from "../components/notices.tsx";

export const NotFoundPage = (): ReactNode => (
  <main>
    <Empty title="There is no such page.">
      <Link to="/">Home</Link>
    </Empty>
  </main>
);
