import { useDocumentTitle } from "@mantine/hooks";

/** The title of the document: what is seen first in a row of tabs comes first. */
export const useTitle = (title: string): void => useDocumentTitle(`${title} · Load Manager`);
