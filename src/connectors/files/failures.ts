import { makeFailureTable } from "../json/failure-table.ts";

/** What stands between us and files as a whole; a single record that cannot be read is in the quarantine. */
export const table = makeFailureTable("files", {
  missing: ["not-found", "NOT_FOUND", false, "No file is there under the paths.", "Check the source's paths; a folder that is filled later is read with watch: true."],
  unreadable: [
    "permission",
    "FOLDER_UNUSABLE",
    false,
    "A file is there and cannot be opened or read.",
    "Give the user that Earshot runs as the right to read it, and look at the disk.",
  ],
  format: [
    "content",
    "FIELD_INVALID",
    false,
    "A whole file is not what its name or the option format says.",
    "Set format, delimiter or header, or mend the file; it is read again when it changes.",
  ],
});
