import { Type, type Static } from "typebox";
import { instant } from "./schemas.ts";

export const backupSchema = Type.Object({
  folder: Type.String({ description: "On the server; an earlier backup there is renewed when the new one is whole." }),
  running: Type.Optional(
    Type.Object({
      startedAt: instant("When it was asked for."),
      step: Type.String(),
      share: Type.Optional(Type.Number({ description: "0 to 1; absent where it is not known." })),
      detail: Type.String(),
    }),
  ),
  last: Type.Optional(
    Type.Union([
      Type.Object({
        at: instant("The moment that all of it is of."),
        posts: Type.Integer(),
        files: Type.Integer(),
        sizeBytes: Type.Integer(),
        linkedBytes: Type.Integer({ description: "Shared with the backup before." }),
        pausedMs: Type.Integer({ description: "For so long collection was held." }),
        tookMs: Type.Integer(),
      }),
      Type.Object({ at: instant("When it failed."), code: Type.String(), message: Type.String() }),
    ]),
  ),
});
export type BackupView = Static<typeof backupSchema>;
