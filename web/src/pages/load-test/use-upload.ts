import { useState } from "react";
import type { Upload } from "./upload.ts";

/** What somebody has chosen or dropped to upload. `reason`: why nothing can be uploaded now. */
export const useUpload = (reason: string | undefined) => {
  // It stays while the dialog closes.
  const [upload, setUpload] = useState<Upload | undefined>(undefined);
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const read = (reading: Promise<Upload>): void => {
    setError(null);
    reading.then(
      (now) => {
        setUpload(now);
        setOpen(true);
      },
      (fault: unknown) => setError(fault),
    );
  };
  return { upload, isOpen, error, read, reason, close: () => setOpen(false) };
};
export type Uploading = ReturnType<typeof useUpload>;
