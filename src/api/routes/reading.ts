import { Type } from "typebox";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";
import { idOf, noPost } from "./provenance.ts";

export function addReadingRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/posts/:id/reading",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "A post's text as plain words: short forms said in full, hashtags parted, emoji named, hidden spellings undone",
        description: "Worked out when it is asked for, on the text as it is shown: personal data and accounts stay masked. Places are half open, in UTF-16 units.",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: {
          200: Type.Object({
            text: Type.String({ description: "The post's text, as it is shown." }),
            normal: Type.String({ description: "The same text in plain words. What lies between the spans is the same in both." }),
            spans: Type.Array(
              Type.Object({
                start: Type.Integer(),
                end: Type.Integer(),
                normalStart: Type.Integer(),
                normalEnd: Type.Integer(),
                original: Type.String(),
                kinds: Type.Array(Type.String(), { description: "slang, elongation, hashtag, emoji, spelling, invisible." }),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const found = await engine.provenance.reading(idOf(request.params.id), viewerOf(request).filter);
      if (found === undefined) throw noPost();
      const { normal } = found;
      return {
        text: found.text,
        normal: normal.text,
        spans: normal.spans.map(({ start, end, toStart, toEnd, original, kinds }) => ({ start, end, normalStart: toStart, normalEnd: toEnd, original, kinds: [...kinds] })),
      };
    },
  );
}
