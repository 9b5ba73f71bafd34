import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatDay } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { PostRow } from "../shell/post-row.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { examplesOf, type Look, type MovedWord } from "./models-drift-api.ts";

const percent = (share: number | undefined): string => (share === undefined ? "" : `${(100 * share).toFixed(1)}%`);

interface ClassRow {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  readonly corrected: number | undefined;
}

/** One look in full: figures, words that moved, and the posts that look newest. */
export function LookShown({ look }: { readonly look: Look }) {
  const { t } = useTranslation();
  const { reference, current, model } = look;
  const rows = look.classes.map((name, c): ClassRow => ({ name, before: reference.shares[c] ?? 0, now: current.shares[c] ?? 0, corrected: look.correctedShares?.[c] }));
  const columns: readonly Column<ClassRow>[] = [
    { id: "class", name: t("modelDrift.class"), cell: ({ name }) => name },
    { id: "before", name: t("modelDrift.before"), cell: ({ before }) => percent(before), isFigure: true },
    { id: "now", name: t("modelDrift.now"), cell: ({ now }) => percent(now), isFigure: true },
    ...(look.correctedShares === undefined
      ? []
      : [{ id: "corrected", name: t("modelDrift.corrected"), cell: ({ corrected }: ClassRow) => percent(corrected), isFigure: true } satisfies Column<ClassRow>]),
  ];
  return (
    <>
      <p>{t(`modelDrift.sentence.${look.kind}`)}</p>
      <p className="hint">{t("modelDrift.sides", { current: current.texts, reference: reference.texts, from: formatDay(reference.from), model })}</p>
      <h3>{t("modelDrift.shares")}</h3>
      <Table caption={t("modelDrift.shares")} columns={columns} rows={rows} rowKey={({ name }) => name} />
      <p className="hint">{t("modelDrift.indexes", { psi: look.psi.toFixed(3), chance: percent(look.chance), js: look.jensenShannon.toFixed(3) })}</p>
      <p className="hint">{t("modelDrift.apart", { auc: look.auc.toFixed(2), most: look.chanceUpTo.toFixed(2), within: look.aucWithinClasses.toFixed(2) })}</p>
      {look.words.length > 0 && <Words words={look.words} />}
      {look.kind !== "none" && <Examples look={look} />}
    </>
  );
}

function Words({ words }: { readonly words: readonly MovedWord[] }) {
  const { t } = useTranslation();
  return (
    <>
      <h3>{t("modelDrift.words")}</h3>
      <p className="hint">{t("modelDrift.wordsHint")}</p>
      <ul className="drift-words">
        {words.map(({ word, z, before, after }) => (
          <li key={word} title={`${before} → ${after}`}>
            <span aria-hidden="true">{z > 0 ? "↑ " : "↓ "}</span>
            {word}
            <span className="unseen">, {t(z > 0 ? "modelDrift.more" : "modelDrift.less")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Examples({ look }: { readonly look: Look }) {
  const { t } = useTranslation();
  const simulated = useSimulatedSources();
  const asked = useQuery({ queryKey: ["model-drift-examples", look.day, look.task, look.slice], queryFn: () => examplesOf(look), staleTime: 300_000 });
  const from = look.day.slice(0, 10);
  const to = new Date(Date.parse(look.day) + 86_400_000).toISOString().slice(0, 10);
  const q = `${look.slice === "all" ? "" : `${look.slice} `}created:${from}..${to}`;
  return (
    <>
      <h3>{t("modelDrift.examples")}</h3>
      <p>
        <Link className="button" to={`/labels?q=${encodeURIComponent(q)}`}>
          {t("modelDrift.label")}
        </Link>
      </p>
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && asked.data.items.length === 0 && <p className="quiet">{t("modelDrift.examplesNone")}</p>}
      {asked.data?.items.map((post) => (
        <PostRow key={post.id} post={post} simulated={simulated.has(post.source)} />
      ))}
    </>
  );
}
