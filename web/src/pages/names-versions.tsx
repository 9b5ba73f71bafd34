import { useTranslation } from "react-i18next";
import { Changes, Versions } from "../shell/versions.tsx";
import { type EntityAnswer, type EntityVersionAnswer, entityVersions, restoreEntity } from "./names-api.ts";

const fields = ["name", "kind", "aliases", "handles", "hashtags", "context", "against", "term", "country", "region", "latitude", "longitude"] as const;

function textOf(version: EntityVersionAnswer | undefined, field: (typeof fields)[number]): string {
  const value = version?.[field];
  return value === undefined ? "" : typeof value === "object" ? value.join(", ") : String(value);
}

export function NameVersions({
  entity,
  mayChange,
  onRestored,
}: {
  readonly entity: EntityAnswer;
  readonly mayChange: boolean;
  readonly onRestored: (entity: EntityAnswer) => void;
}) {
  const { t } = useTranslation();
  const changesOf = (version: EntityVersionAnswer, before: EntityVersionAnswer | undefined) =>
    fields
      .map((field) => ({ field, was: textOf(before, field), is: textOf(version, field) }))
      .filter(({ was, is }) => was !== is)
      .map(({ field, was, is }) => ({
        name: t(`names.${field}`),
        change: (
          <>
            {was !== "" && <del>{was}</del>} <ins>{is}</ins>
          </>
        ),
      }));
  return (
    <Versions
      id={["entity", entity.id, entity.version]}
      load={() => entityVersions(entity.id)}
      restore={(version) => restoreEntity(entity.id, version)}
      mayChange={mayChange}
      onRestored={onRestored}
      changes={(version, before) => <Changes fields={changesOf(version, before)} />}
    />
  );
}
