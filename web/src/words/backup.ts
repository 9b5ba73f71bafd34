export const backup = {
  title: "Backup",
  intro:
    "Taken while everything runs: collection is held for a moment, then the copy is written. It holds the keys, so whoever reads it reads all; and it holds who is erased later, so renew it within the hours that erasing is promised in.",
  folder: "It is written to, and renewed in, {{folder}} on the server.",
  take: "Take a backup now",
  taking: "Taking a backup …",
  step: { catalog: "Catalog", files: "Files", verify: "Verifying", erasures: "Erasures", settle: "Making it durable" },
  progress: "Progress of the backup",
  last_one: "The last one is of {{time}} UTC: {{posts}} post, {{files}} files, {{size}}. Collection was held for {{held}} ms.",
  last_other: "The last one is of {{time}} UTC: {{posts}} posts, {{files}} files, {{size}}. Collection was held for {{held}} ms.",
  linked: "{{size}} of it are shared with the one before.",
  failed: "The last one failed at {{time}} UTC: {{message}}",
  none: "None was taken since this start.",
  restore: "To put it back, on a stopped Earshot:",
};
