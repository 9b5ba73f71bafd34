import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Changes, Versions } from "../shell/versions.tsx";
import { restoreTerm, type TermAnswer, type TermVersionAnswer, versionsOf } from "./terms-api.ts";
import { differenceOf } from "./terms-difference.ts";

const fields = ["name", "kind", "query", "handles", "colour"] as const;

function textOf(version: TermVersionAnswer | undefined, field: (typeof fields)[number]): string {
  if (version === undefined) return "";
  const value = version[field];
  return typeof value === "string" ? value : (value ?? []).join(", ");
}

function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  return differenceOf(before, after).map((piece, i) => (
    <Fragment key={i}>{piece.is === "gone" ? <del>{piece.text}</del> : piece.is === "new" ? <ins>{piece.text}</ins> : <span>{piece.text}</span>}</Fragment>
  ));
}

/** Kinds are one word of ours; all else is what people wrote. */
function KindDifference({ before, after }: { readonly before: string | undefined; readonly after: string }) {
  const { t } = useTranslation();
  return (
    <>
      {before !== undefined && <del>{t(`terms.kind_${before}`)}</del>} <ins>{t(`terms.kind_${after}`)}</ins>
    </>
  );
}

export function TermVersions({ term, mayChange, onRestored }: { readonly term: TermAnswer; readonly mayChange: boolean; readonly onRestored: (term: TermAnswer) => void }) {
  const { t } = useTranslation();
  const changesOf = (version: TermVersionAnswer, before: TermVersionAnswer | undefined) =>
    fields
      .filter((field) => textOf(version, field) !== textOf(before, field))
      .map((field) => ({
        name: t(`terms.${field}`),
        change: field === "kind" ? <KindDifference before={before?.kind} after={version.kind} /> : <Difference before={textOf(before, field)} after={textOf(version, field)} />,
      }));
  return (
    <Versions
      id={["term", term.id, term.version]}
      load={() => versionsOf(term.id)}
      restore={(version) => restoreTerm(term.id, version)}
      mayChange={mayChange}
      onRestored={onRestored}
      changes={(version, before) => <Changes fields={changesOf(version, before)} />}
    />
  );
}
