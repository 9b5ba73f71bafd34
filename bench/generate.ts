import { z } from "zod";
import { generate } from "../world/generate.ts";

/** A process of its own: what making the input takes of memory is none of the measured program's. */
const options = z.object({ seed: z.string(), posts: z.number(), startMs: z.number(), hours: z.number(), out: z.string() });
await generate(options.parse(JSON.parse(process.argv[2] ?? "")));
