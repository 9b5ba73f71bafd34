import type { IncomingMessage, ServerResponse } from "node:http";
import type { XPost } from "../wire/x.ts";

/** Batch jobs of the simulated X: created, filled by an upload, done after a while; and its compliance streams, in four parts each. */
export interface XJobs {
  /** True where it took the call. */
  serve(request: IncomingMessage, response: ServerResponse, path: string, base: string): Promise<boolean>;
  /** Files of ids that were sent. */
  readonly uploads: readonly (readonly string[])[];
  /** An event: to the streams of its part that are open, and kept for those that come back. */
  tell(kind: "tweets" | "users", name: string, event: Readonly<Record<string, unknown>>): void;
  beat(): void;
  cut(): void;
  /** Queries with which streams were opened. */
  readonly asked: readonly URLSearchParams[];
}

interface Job {
  readonly id: string;
  status: "created" | "in_progress" | "complete";
  ids: string[];
  doneMs: number;
}

const workMs = 90_000;

export function makeXJobs(posts: readonly XPost[], now: () => number): XJobs {
  const jobs: Job[] = [];
  const uploads: string[][] = [];
  const events: { kind: string; partition: number; atMs: number; line: string }[] = [];
  const streams = new Set<{ kind: string; partition: number; response: ServerResponse; beatMs: number }>();
  const asked: URLSearchParams[] = [];
  const iso = (ms: number) => new Date(ms).toISOString();
  const render = (job: Job, base: string) => ({
    id: job.id,
    type: "tweets",
    status: job.status,
    created_at: iso(now()),
    upload_url: `${base}/files/${job.id}/upload`,
    upload_expires_at: iso(now() + 900_000),
    download_url: `${base}/files/${job.id}/download`,
    download_expires_at: iso(now() + 7 * 86_400_000),
  });
  const send = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json", date: new Date(now()).toUTCString() }).end(typeof body === "string" ? body : JSON.stringify(body));

  function open(kind: string, request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    const partition = Number(query.get("partition"));
    if (!(partition >= 1 && partition <= 4)) return void send(response, 400, { title: "Invalid Request", detail: "partition: expected 1 to 4", type: "about:blank", status: 400 });
    asked.push(query);
    response.writeHead(200, { "content-type": "application/json", date: new Date(now()).toUTCString() });
    response.write("\r\n");
    const stream = { kind, partition, response, beatMs: now() };
    streams.add(stream);
    request.on("close", () => streams.delete(stream));
    const minutes = Number(query.get("backfill_minutes") ?? 0);
    const fromMs = query.has("start_time") ? Date.parse(query.get("start_time") ?? "") : minutes > 0 ? now() - minutes * 60_000 : Infinity;
    for (const event of events) if (event.kind === kind && event.partition === partition && event.atMs >= fromMs) response.write(event.line);
  }

  return {
    uploads,
    asked,
    tell(kind, name, event) {
      const about = Object.values(event)[0];
      const id = typeof about === "object" && about !== null && "id" in about ? String(about.id) : "0";
      const made = { kind, partition: (Number(id.slice(-6)) % 4) + 1, atMs: now(), line: `${JSON.stringify({ data: { [name]: { ...event, event_at: iso(now()) } } })}\r\n` };
      events.push(made);
      for (const { response, ...stream } of streams) if (stream.kind === kind && stream.partition === made.partition) response.write(made.line);
    },
    beat() {
      for (const stream of streams) {
        if (now() - stream.beatMs < 20_000) continue;
        stream.beatMs = now();
        stream.response.write("\r\n");
      }
    },
    cut() {
      for (const { response } of streams) response.destroy();
      streams.clear();
    },
    async serve(request, response, path, base) {
      const kind = /^\/2\/(tweets|users)\/compliance\/stream$/.exec(path)?.[1];
      if (kind !== undefined) {
        open(kind, request, response, new URL(request.url ?? "/", base).searchParams);
        return true;
      }
      const file = /^\/files\/(\d+)\/(upload|download)$/.exec(path);
      const job = jobs.find((one) => one.id === (file?.[1] ?? path.split("/").at(-1)));
      if (job?.status === "in_progress" && now() >= job.doneMs) job.status = "complete";
      if (file && job) {
        if (file[2] === "upload") {
          let text = "";
          for await (const chunk of request) text += String(chunk);
          job.ids = text.split("\n").filter((line) => line !== "");
          uploads.push(job.ids);
          job.status = "in_progress";
          job.doneMs = now() + workMs;
          send(response, 200, "");
        } else {
          const gone = job.ids.filter((id) => posts.find((post) => post.id === id)?.state === "deleted");
          const lines = gone.map((id) => JSON.stringify({ id, action: "delete", created_at: iso(now()), redacted_at: iso(now()), reason: "deleted" }));
          send(response, 200, lines.map((line) => `${line}\n`).join(""));
        }
        return true;
      }
      if (path === "/2/compliance/jobs" && request.method === "POST") {
        if (jobs.some((one) => one.status !== "complete")) {
          send(response, 409, { title: "Conflict", detail: "One job at a time.", type: "https://api.twitter.com/2/problems/conflict", status: 409 });
          return true;
        }
        const made: Job = { id: String(1_000_000_000_000 + jobs.length), status: "created", ids: [], doneMs: 0 };
        jobs.push(made);
        send(response, 200, { data: render(made, base) });
        return true;
      }
      if (path.startsWith("/2/compliance/jobs/") && job) {
        send(response, 200, { data: render(job, base) });
        return true;
      }
      return false;
    },
  };
}
