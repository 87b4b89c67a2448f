import "@fontsource-variable/ibm-plex-sans/wght.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "@mantine/core/styles.css";
import "./theme/tokens.css";
import "./theme/base.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/query-client.ts";
import { router } from "./router.tsx";
import { theme, variables } from "./theme/theme.ts";

/** The nonce of this answer, which the policy of the page demands of every style element. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;

// Dialogs keep the page behind them from scrolling by a style element of their own.
if (nonce !== undefined) setNonce(nonce);

// A part of the page that this tab has not loaded yet is gone after another build; the newest page has it.
addEventListener("vite:preloadError", (event) => {
  const { state } = history as { readonly state: { readonly isReloaded?: boolean } | null };
  if (state?.isReloaded === true) return;
  event.preventDefault();
  history.replaceState({ ...state, isReloaded: true }, "");
  location.reload();
});

const root = document.querySelector("#root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
