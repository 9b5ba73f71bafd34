import { bakeoffPage } from "./bakeoff.ts";

/** Places of the area Models that others fill: what is to be seen there, and how to get there. */
export const models = {
  bakeoffPage,
  registry: "No model of your own yet. Label some texts first; a model that is trained on a frozen version of the set is listed here with its figures.",
  bakeoff: "Models are compared here on your own gold texts: quality, time and memory a post, licence. It needs a label set with a gold part.",
  toLabels: "Label texts",
} as const;
