import { lazy, type ReactNode, Suspense } from "react";
import { Loading } from "../../components/notices.tsx";
import type { SettingsProps } from "./settings-form.ts";

const CriteriaFields = lazy(() =>
  import("./criteria-fields.tsx").then((room) => ({ default: room.CriteriaFields })),
);

/** The editor of criteria, which is loaded with the first form that shows it. */
export const CriteriaSection = (props: SettingsProps): ReactNode => (
  <Suspense fallback={<Loading lines={3} />}>
    <CriteriaFields {...props} />
  </Suspense>
);
