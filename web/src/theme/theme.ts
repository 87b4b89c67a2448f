import {
  Button,
  createTheme,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  Menu,
  Tooltip,
} from "@mantine/core";

/** Light to dark around the accent of the light scheme (index 6) and of the dark one (index 3). */
const ACCENT: MantineColorsTuple = [
  "#e8f0fc",
  "#c3d7f5",
  "#9abbee",
  "#7db0ff",
  "#4177d2",
  "#2f69cf",
  "#1b5cc8",
  "#174ea9",
  "#123f88",
  "#0a2a63",
];

/** From text to ground, as Mantine uses them where the scheme is dark: the tokens of tokens.css. */
const DARK: MantineColorsTuple = [
  "#e9ecef",
  "#bac2cb",
  "#98a3ae",
  "#737e8a",
  "#3d454e",
  "#1e2328",
  "#161a1e",
  "#161a1e",
  "#0f1215",
  "#0f1215",
];

export const theme = createTheme({
  colors: { accent: ACCENT, dark: DARK },
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  defaultRadius: 4,
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "14px", xl: "16px" },
  lineHeights: { xs: "1.45", sm: "1.4", md: "1.54", lg: "1.43", xl: "1.5" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  headings: { fontFamily: "var(--sans)" },
  shadows: { xs: "none", sm: "none", md: "none", lg: "none", xl: "none" },
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm", variant: "default" } }),
    // The focus goes to the first item itself: a menu may contain nothing else.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, multiline: true, maw: 360 } }),
  },
});

/** Mantine's own variables are tokens of tokens.css, which follow the colour scheme by themselves. */
const TOKENS = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-3)",
  "--mantine-color-placeholder": "var(--ink-3)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-error": "var(--err)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--inset)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--ctl)",
  "--mantine-color-accent-light": "var(--accent-bg)",
  "--mantine-color-accent-light-hover": "var(--inset)",
  "--mantine-color-accent-light-color": "var(--accent)",
  "--mantine-color-disabled": "var(--inset)",
  "--mantine-color-disabled-color": "var(--ink-3)",
  "--mantine-color-disabled-border": "var(--line-2)",
};

/** Both schemes name them, since Mantine's own rules for a scheme win over those for all. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: TOKENS,
  dark: TOKENS,
});
