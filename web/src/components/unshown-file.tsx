import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { bytesOf, type ScriptFile, sizeOf } from "../api/script-files.ts";
import { bytes, text } from "../format/numbers.ts";

const download = (file: ScriptFile): void => {
  const url = URL.createObjectURL(new Blob([bytesOf(file)], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.path.slice(file.path.lastIndexOf("/") + 1);
  link.click();
  // The browser has taken the bytes by the next task.
  setTimeout(() => URL.revokeObjectURL(url));
};

/** The size of a file in words. */
export const sizeText = (file: ScriptFile): string => text(bytes(sizeOf(file)));

/** A file that is not shown as text, binary or very large: how large it is, and the way to it. */
export const UnshownFile = ({ file }: { readonly file: ScriptFile }): ReactNode => (
  <>
    <p>
      {file.encoding === "base64" ? "Not text" : "Too large to be shown, or not text"},{" "}
      {sizeText(file)}.
    </p>
    <Button
      size="compact-sm"
      leftSection={<IconDownload size={14} stroke={1.5} />}
      aria-label={`Download ${file.path}`}
      onClick={() => download(file)}
    >
      Download
    </Button>
  </>
);
