import hackernews from "./hackernews.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(hackernews, {});

const story = {
  by: "ann",
  descendants: 71,
  id: 8863,
  kids: [9224, 8917],
  score: 104,
  time: 1_777_636_800,
  title: "A page on ham & eggs",
  type: "story",
  url: "https://eggs.example/1",
};
const comment = { by: "bob", id: 2921983, kids: [2922097], parent: 2921506, text: "Aw&#x27; shucks.<p>Well, <i>no</i>", time: 1_777_636_801, type: "comment" };

testSource({
  name: "hackernews",
  parse,
  raws,
  model: `{"id":1,"type":"comment","by":"ann","text":"TEXT","time":"DATE","parent":3}`,
  messages: [
    JSON.stringify(story),
    JSON.stringify(comment),
    `{"root":8863,"item":${JSON.stringify(comment)}}`,
    JSON.stringify({ ...story, text: "Ask <i>me</i>", url: undefined }),
    JSON.stringify({ by: "ann", id: 126809, parts: [126810], kids: [1], score: 46, descendants: 54, time: 1_777_636_800, title: "Poll: which?", text: "", type: "poll" }),
    JSON.stringify({ by: "ann", id: 126810, poll: 126809, score: 3, text: "This", time: 1_777_636_800, type: "pollopt" }),
    JSON.stringify({ by: "ann", id: 192327, score: 6, text: "", time: 1_777_636_800, title: "We hire", type: "job", url: "" }),
    JSON.stringify({ deleted: true, id: 5, parent: 3, time: 1_777_636_800, type: "comment" }),
    JSON.stringify({ ...comment, dead: true }),
  ],
});
