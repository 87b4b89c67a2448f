import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import {
  IconHelp,
  IconMenu2,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
  IconX,
} from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import {
  Link,
  Outlet,
  useLocation,
  useNavigate,
  useParams,
  useRouter,
} from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { client, isUnauthorized } from "../api/client.ts";
import { ACTIVE, meQuery, runsQuery } from "../api/queries.ts";
import { useLive } from "../live/use-live.ts";
import { ConnectionBanner } from "./connection-banner.tsx";
import { HelpDialog, useHelp } from "./help-dialog.tsx";
import { useKeys } from "./keys.ts";
import { Mark } from "./mark.tsx";
import { Search } from "./search.tsx";
import { ScopeSwitch } from "./scope-switch.tsx";
import styles from "./shell.module.css";
import { useScope } from "./use-scope.ts";

const Navigation = (): ReactNode => {
  const scope = useScope();
  const running = useQuery(runsQuery(scope, { status: ACTIVE, limit: 50 }));
  const active = running.data?.items.length ?? 0;
  const navigate = useNavigate();
  useKeys({
    "g h": () => void navigate({ to: "/" }),
    "g t": () => void navigate({ to: "/load-tests" }),
    "g r": () => void navigate({ to: "/runs" }),
    "g c": () => void navigate({ to: "/clusters" }),
  });
  return (
    <nav className={styles["nav"]} aria-label="Pages">
      <Link to="/" activeOptions={{ exact: true }}>
        Home
      </Link>
      <Link to="/load-tests">Load tests</Link>
      <Link to="/runs" activeOptions={{ includeSearch: false }}>
        Runs
      </Link>
      {active > 0 && <span className={styles["count"]}>{active} running</span>}
      <Link to="/clusters">Clusters</Link>
    </nav>
  );
};

const ThemeButton = (): ReactNode => {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Colours">
          {colorScheme === "dark" ? (
            <IconMoon size={16} stroke={1.5} />
          ) : (
            <IconSun size={16} stroke={1.5} />
          )}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => setColorScheme("auto")}>As the system</Menu.Item>
        <Menu.Item onClick={() => setColorScheme("light")}>Light</Menu.Item>
        <Menu.Item onClick={() => setColorScheme("dark")}>Dark</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};

const Caller = (): ReactNode => {
  const { data: me } = useQuery(meQuery);
  const signOut = useMutation({
    mutationFn: () => client.deleteSession(),
    // A new document: nothing that this caller has loaded is left.
    onSuccess: () => location.assign("/sign-in"),
  });
  if (me === undefined || !me.signIn) return null;
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <button type="button" className={styles["caller"]}>
          <IconUser size={16} stroke={1.5} aria-hidden />
          <bdi className={styles["name"]}>{me.name}</bdi>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          closeMenuOnClick={false}
          disabled={signOut.isPending}
          onClick={() => signOut.mutate()}
        >
          {signOut.isError ? "Not signed out: the server does not answer" : "Sign out"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};

type Part = "menu" | "search";

/** Where the bar has no room, everything but the scope is folded away: all of it, or the search alone. It closes when another page opens. */
const useFoldedBar = () => {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const [open, setOpen] = useState<{ readonly at: string; readonly part: Part } | undefined>();
  const part = open?.at === path ? open.part : undefined;
  return {
    part,
    show: (wanted: Part) => setOpen({ at: path, part: wanted }),
    toggle: (wanted: Part) => setOpen(part === wanted ? undefined : { at: path, part: wanted }),
  };
};
type FoldedBar = ReturnType<typeof useFoldedBar>;

/** What opens the folded bar. */
const FoldButtons = ({ part, toggle }: FoldedBar): ReactNode => {
  const isMenu = part === "menu";
  return (
    <div className={styles["folds"]}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label="Search"
        aria-expanded={part === "search"}
        aria-controls="bar"
        onClick={() => toggle("search")}
      >
        <IconSearch size={20} stroke={1.5} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label="Menu"
        aria-expanded={isMenu}
        aria-controls="bar"
        onClick={() => toggle("menu")}
      >
        {isMenu ? <IconX size={20} stroke={1.5} /> : <IconMenu2 size={20} stroke={1.5} />}
      </ActionIcon>
    </div>
  );
};

/** The frame of every page but the sign-in: the bar at the top, the banner of a lost connection, the page itself. */
export const Shell = (): ReactNode => {
  const me = useQuery(meQuery);
  const navigate = useNavigate();
  const router = useRouter();
  const mustSignIn = isUnauthorized(me.error);
  useEffect(() => {
    if (!mustSignIn) return;
    // The address as it is now: on the way to the sign-in it changes once more.
    const { href } = router.state.location;
    void navigate({ to: "/sign-in", search: { to: href }, replace: true });
  }, [mustSignIn, navigate, router]);
  const { runId } = useParams({ strict: false });
  useLive(runId);
  const help = useHelp();
  const bar = useFoldedBar();
  if (mustSignIn) return null;
  return (
    <>
      <a className={styles["skip"]} href="#main">
        Skip to the page
      </a>
      <ConnectionBanner />
      <header className={styles["top"]}>
        <Link to="/" className={styles["brand"]}>
          <Mark />
          <span>Load Manager</span>
        </Link>
        <ScopeSwitch />
        <FoldButtons {...bar} />
        <div id="bar" className={styles["bar"]} data-open={bar.part}>
          <Navigation />
          <span className={styles["grow"]} />
          <div className={styles["search"]}>
            <Search isShown={bar.part === "search"} onShow={() => bar.show("search")} />
          </div>
          <ActionIcon variant="subtle" color="gray" aria-label="Help" onClick={help.open}>
            <IconHelp size={16} stroke={1.5} />
          </ActionIcon>
          <ThemeButton />
          <Caller />
        </div>
      </header>
      <main id="main" className={styles["main"]} tabIndex={-1}>
        <Outlet />
      </main>
      <HelpDialog opened={help.isOpen} onClose={help.close} />
    </>
  );
};
