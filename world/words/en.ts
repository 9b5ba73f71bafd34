import { type LanguageWords, list, words } from "./language.ts";

export const en: LanguageWords = {
  tag: "en",
  weight: 46,
  gap: " ",
  openers: list("So|Honestly,|Okay,|Hot take:|Quick question:|Update:|Just saying,|Morning all!|Hey,|Not going to lie,|Reminder:|Fun fact:|By the way,|Friends,"),
  neutral: [
    "{t} I was looking at {x} and the {n} next to the {n} in {c}",
    "does anyone know whether {x} comes with a {w} {n}?",
    "we talked about {x} for an hour, then about {w} and the old {n}",
    "the {n} of {x} will be shown in {c} {t}",
    "reading about {w} {n}, {w} and how they use {x} at work",
    "my neighbour asked me where to find {x}, and I told her about the {n} at {w}",
    "they moved the {w} {n} to {c}, it opens {t}",
    "here is a thread about {x}, the {n} and what {w} means for us",
    "how do you compare {x} with the {w} one from last year?",
    "a {n}, two {w} and a {n}: that was my day in {c}",
  ],
  positive: [
    "{x} is {g}, the {n} works better than any {w} I had before",
    "I love how {g} the {n} of {x} feels {t}",
    "thank you to the {w} team, {x} made my whole week, so {g}!",
    "never thought I would say this but {x} is really {g}",
    "what a {g} {n}! {x} and a {w} under the sun in {c}",
    "got {x} {t} and I am happy with every {n} of it, {g} job",
    "can't stop smiling, the {w} {n} from {x} is simply {g}",
    "ten out of ten, {g} {n}, would buy {x} again",
  ],
  negative: [
    "{x} is {h}, the {n} broke after two days and nobody at {w} answers",
    "I am so tired of {x}, another {h} {n} {t}",
    "why is {x} so {h}? I waited three hours in {c} for a {w} {n}",
    "do not buy {x}, the {n} is {h} and they want more money for {w}",
    "worst {n} ever, {x} lost my {w} and support was {h}",
    "not happy with {x} at all, {h} {n} and a {w} that never came",
    "cancelled {x} {t}, I can't deal with this {h} {n} any more",
    "they promised a {n} and gave us a {h} {w}, shame on {x}",
  ],
  closers: list("what do you think?|anyway, back to work|see you there|more later|that is all|please share|am I the only one?|photos soon|no further questions|let me know"),
  nouns: words(`coffee train phone battery garden kitchen ticket window street book paper meeting market river bridge cat dog
    bread office keyboard camera jacket flight hotel bank card lamp bike road song concert movie recipe weather morning
    evening school teacher doctor project report printer screen charger suitcase bus station table chair shop café museum
    letter game team match player photo story island mountain beach forest cloud storm winter summer`),
  good: words("great wonderful amazing lovely brilliant excellent fantastic superb delightful awesome perfect beautiful"),
  bad: words("terrible awful broken useless disappointing horrible pathetic rude overpriced unacceptable dreadful annoying"),
  times: list("today|yesterday|this morning|last night|on Monday|this weekend|right now|next week|after lunch|again|for the first time"),
  onsets: words("b br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w wh z"),
  rimes: words("a e i o u ai ay ea ee oa oo ou ar er ir or ur an en in on un al el il ol ul as es is os us at et it ot ut am em im"),
  endings: words("ing er ed ly ness ment y le on ock ish ard ers s t nd ck ll"),
};
