import { useMediaQuery } from "@mantine/hooks";

/** Whether the page has one column, with the actions in a bar at the bottom. */
export const usePhone = (): boolean =>
  useMediaQuery("(max-width: 600px)", false, { getInitialValueInEffect: false });
