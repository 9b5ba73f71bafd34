import rss from "./rss.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(rss, { feeds: ["https://blog.example/feed"] });

const about = { feed: "blog.example/feed", base: "https://blog.example/feed", site: { title: "Blog", link: "https://blog.example/", language: "en" } };
const envelope = (rest: Record<string, unknown>) => JSON.stringify({ ...about, id: "blog.example/feed#1", createdAt: "2026-05-01T12:00:00.000Z", ...rest });

testSource({
  name: "rss",
  parse,
  raws,
  model: `{"feed":"blog.example/feed","base":"https://blog.example/feed","site":{},"id":"blog.example/feed#1","createdAt":"DATE","item":{"id":"1","content_text":"TEXT"}}`,
  messages: [
    envelope({ xml: "<item><guid>1</guid><title>a</title><description>&lt;b&gt;c&lt;/b&gt;</description></item>" }),
    envelope({
      item: {
        id: "1",
        content_html: "<p>a</p>",
        authors: [{ name: "Ann", url: "https://blog.example/ann" }],
        tags: ["x"],
        attachments: [{ url: "a.mp3", mime_type: "audio/mpeg", size_in_bytes: 3 }],
      },
    }),
    envelope({ updatedAt: "2026-05-01T13:00:00.000Z", dated: "updated", xml: "<entry><id>1</id><title>a</title></entry>" }),
    envelope({ createdAt: undefined, deletedAt: "2026-05-01T13:00:00.000Z", xml: `<at:deleted-entry ref="1" when="2026-05-01T13:00:00Z"/>` }),
    JSON.stringify({
      version: "https://jsonfeed.org/version/1.1",
      title: "Blog",
      items: [
        { id: "2", content_text: "hello", date_published: "2026-05-01T12:00:00Z" },
        { id: 3, title: "x" },
      ],
    }),
  ],
});
