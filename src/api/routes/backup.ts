import { Type } from "typebox";
import type { LiveBackupState } from "../../runtime/backup-state.ts";
import { viewerOf } from "../access.ts";
import { backupSchema, type BackupView } from "../backup-schema.ts";
import type { ApiContext } from "../context.ts";
import { iso, problems } from "../schemas.ts";

function viewOf({ folder, running, last }: LiveBackupState): BackupView {
  return {
    folder,
    ...(running !== undefined && { running: { ...running, startedAt: iso(running.startedAt) } }),
    ...(last !== undefined && { last: { ...last, at: iso(last.at) } }),
  };
}

export function addBackupRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/backup",
    { config: { access: "admin" }, schema: { tags: ["system"], summary: "How far the backup is, and how the last one ended", response: { 200: backupSchema, ...problems } } },
    () => viewOf(engine.backup.state()),
  );

  app.post(
    "/api/v1/backup",
    {
      config: { access: "admin" },
      schema: {
        tags: ["system"],
        summary: "Take a backup while everything runs",
        description: "Collection is held for a moment, answers are given all the while. Where it goes is the configuration's to say (`backup.folder`), never the request's.",
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 202: backupSchema, ...problems },
      },
    },
    async (request, reply) => {
      const state = engine.backup.start();
      await engine.noteAccess({ actor: viewerOf(request).name, action: "backup.take", subject: "data", purpose: "backup" });
      return reply.code(202).send(viewOf(state));
    },
  );
}
