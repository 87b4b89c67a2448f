import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from "@tanstack/react-router";
import type { ScopeSearch } from "./api/scope.ts";
import { PageError } from "./components/page-error.tsx";
import { Shell } from "./components/shell.tsx";
import { HomePage } from "./pages/home/home-page.tsx";
import { loadTestsSearchOf, type LoadTestsSearch } from "./pages/load-tests/search.ts";
import { NotFoundPage } from "./pages/not-found.tsx";
import { prefetchRun } from "./pages/run/prefetch.ts";
import { type RunSearch, runSearchOf } from "./pages/run/search.ts";
import { type RunsSearch, runsSearchOf } from "./pages/runs/search.ts";
import { SignInPage } from "./pages/sign-in/sign-in-page.tsx";

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const rootRoute = createRootRouteWithContext<object>()({
  validateSearch: (search: Record<string, unknown>): ScopeSearch => {
    const scope = text(search["scope"]);
    return scope === undefined ? {} : { scope };
  },
  search: { middlewares: [retainSearchParams(["scope"])] },
  notFoundComponent: NotFoundPage,
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: Shell,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { readonly to?: string } => {
    const to = text(search["to"]);
    return to === undefined ? {} : { to };
  },
  component: SignInPage,
});

const homeRoute = createRoute({ getParentRoute: () => shellRoute, path: "/", component: HomePage });

const runRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/runs/$runId",
  validateSearch: (search: Record<string, unknown>): RunSearch => runSearchOf(search),
  // A link that the mouse passes over is no reason to have the server compute a run's charts.
  loader: ({ params: { runId }, location: { search }, cause }) =>
    void prefetchRun(runId, search, { withCharts: cause !== "preload" }),
  component: lazyRouteComponent(() => import("./pages/run/run-page.tsx"), "RunPage"),
});

const loadTestsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/load-tests",
  validateSearch: (search: Record<string, unknown>): LoadTestsSearch => loadTestsSearchOf(search),
  component: lazyRouteComponent(
    () => import("./pages/load-tests/load-tests-page.tsx"),
    "LoadTestsPage",
  ),
});

const loadTestRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/load-tests/$loadTestId",
  component: lazyRouteComponent(
    () => import("./pages/load-test/load-test-page.tsx"),
    "LoadTestPage",
  ),
});

const runsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/runs",
  validateSearch: (search: Record<string, unknown>): RunsSearch => runsSearchOf(search),
  component: lazyRouteComponent(() => import("./pages/runs/runs-page.tsx"), "RunsPage"),
});

const clustersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters",
  component: lazyRouteComponent(() => import("./pages/clusters/clusters-page.tsx"), "ClustersPage"),
});

const aboutRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/about",
  component: lazyRouteComponent(() => import("./pages/about/about-page.tsx"), "AboutPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    homeRoute,
    loadTestsRoute,
    loadTestRoute,
    runsRoute,
    runRoute,
    clustersRoute,
    aboutRoute,
  ]),
]);

export const router = createRouter({
  routeTree,
  context: {},
  defaultPreload: "intent",
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
