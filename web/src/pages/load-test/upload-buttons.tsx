import { Button } from "@mantine/core";
import { type ChangeEvent, type ReactNode, useRef } from "react";
import { filesOfChooser, uploadOfFolder, uploadOfZip } from "./read-upload.ts";
import type { Uploading } from "./use-upload.ts";

/** Choose a folder or a zip archive that becomes the next revision. */
export const UploadButtons = ({
  uploading: { read, reason },
}: {
  readonly uploading: Uploading;
}): ReactNode => {
  const folder = useRef<HTMLInputElement>(null);
  const zip = useRef<HTMLInputElement>(null);
  const choose = ({ currentTarget }: ChangeEvent<HTMLInputElement>): void => {
    const files = [...(currentTarget.files ?? [])];
    // The same choice again is a change again.
    currentTarget.value = "";
    const [first] = files;
    if (first === undefined) return;
    const { name, found } = filesOfChooser(files);
    read(first.webkitRelativePath === "" ? uploadOfZip(first) : uploadOfFolder(name, found));
  };
  const shared = { size: "compact-sm", disabled: reason !== undefined, title: reason } as const;
  return (
    <>
      <input ref={folder} type="file" hidden webkitdirectory="" onChange={choose} />
      <input ref={zip} type="file" hidden accept=".zip,application/zip" onChange={choose} />
      <Button {...shared} onClick={() => folder.current?.click()}>
        Upload folder
      </Button>
      <Button {...shared} onClick={() => zip.current?.click()}>
        Upload zip
      </Button>
    </>
  );
};
