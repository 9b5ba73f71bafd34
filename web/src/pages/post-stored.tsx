import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { Reveal } from "../shell/reveal.tsx";
import { Empty } from "../shell/states.tsx";
import { type TraceView, wholeRawOf } from "./post-api.ts";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at)} UTC`;

/** Where a post lies, to the row, and what it counts in. */
export function Stored({ trace }: { readonly trace: TraceView }) {
  const { t } = useTranslation();
  const { places, raw } = trace;
  const { ledger, search, lake, rollups } = places;
  const rows: readonly (readonly [string, string, string])[] = [
    [
      t("postPage.stored.events"),
      raw === undefined ? t("postPage.stored.noRaw") : t("postPage.stored.at", { partition: raw.partition, offset: raw.offset }),
      t("postPage.stored.eventsIs"),
    ],
    [
      t("postPage.stored.posts"),
      places.postsOffset === undefined ? t("postPage.stored.unknown") : t("postPage.stored.at", { partition: places.partition, offset: places.postsOffset }),
      t("postPage.stored.postsIs"),
    ],
    [
      t("postPage.stored.ledger"),
      ledger === undefined ? t("postPage.stored.unknown") : t("postPage.stored.revision", { revision: ledger.revision, generation: ledger.generation }),
      t("postPage.stored.ledgerIs"),
    ],
    [
      t("postPage.stored.search"),
      search === undefined ? t("postPage.stored.unknown") : t("postPage.stored.row", { month: search.month, row: formatNumber(search.row) }),
      search === undefined ? "" : t(search.body === "index" ? "postPage.stored.bodyIndex" : "postPage.stored.bodyLake"),
    ],
    [
      t("postPage.stored.lake"),
      lake === undefined ? t("postPage.stored.lakeWaits") : lake.file,
      lake === undefined ? "" : t("postPage.stored.rowGroup", { group: lake.rowGroup, row: formatNumber(lake.row) }),
    ],
  ];
  return (
    <>
      <div className="table-scroll" role="region" aria-label={t("postPage.stored.name")} tabIndex={0}>
        <table>
          <caption className="unseen">{t("postPage.stored.name")}</caption>
          <thead>
            <tr>
              {(["store", "place", "what"] as const).map((name) => (
                <th key={name} scope="col">
                  {t(`postPage.stored.column.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([store, place, what]) => (
              <tr key={store}>
                <th scope="row">{store}</th>
                <td className="long">{place}</td>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>
        {t("postPage.stored.rollups")}{" "}
        <About data={{ name: t("postPage.stored.rollups"), definition: t("postPage.stored.rollupsAbout"), metric: "posts 1", coverage: [t("postPage.stored.rollupsKept")] }} />
      </h3>
      <p>{t("postPage.stored.buckets", { minute: when(rollups.minute), hour: when(rollups.hour), day: formatDay(rollups.day) })}</p>
      <ul className="plain-list keys-list">
        {rollups.keys.map((key) => (
          <li key={key.term}>
            <code>{[key.platform, key.source, key.language, key.sensitivity, key.region].join(" · ")}</code>{" "}
            {key.term === "" ? t("postPage.stored.anyTerm") : <span className="tag">{key.term}</span>}
          </li>
        ))}
      </ul>
      {ledger !== undefined && ledger.counts.some(({ told, since }) => told !== 0 || since !== 0) && (
        <>
          <h3>{t("postPage.stored.counts")}</h3>
          <ul className="plain-list">
            {ledger.counts
              .filter(({ told, since }) => told !== 0 || since !== 0)
              .map(({ name, told, since, at }) => (
                <li key={name}>
                  {name}: {t("postPage.stored.count", { told: formatNumber(told), since: formatNumber(since), at: at === undefined ? "–" : when(at) })}
                </li>
              ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What became of a post over time. */
export function History({ trace }: { readonly trace: TraceView }) {
  const { t } = useTranslation();
  const { changes, looked } = trace.history;
  return (
    <>
      <p className="hint">
        {t(looked.frames < looked.of ? "postPage.history.partly" : "postPage.history.whole", { frames: formatNumber(looked.frames), of: formatNumber(looked.of) })}
      </p>
      {changes.length === 0 ? (
        <Empty>{t("postPage.history.none")}</Empty>
      ) : (
        <div className="table-scroll" role="region" aria-label={t("postPage.history.name")} tabIndex={0}>
          <table>
            <caption className="unseen">{t("postPage.history.name")}</caption>
            <thead>
              <tr>
                {(["at", "kind", "revision", "sentiment", "language", "counts", "offset"] as const).map((name) => (
                  <th key={name} scope="col">
                    {t(`postPage.history.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {changes.map((change) => (
                <tr key={change.offset}>
                  <th scope="row">{when(change.at)}</th>
                  <td>{t(`postPage.history.kinds.${change.kind as "post"}`)}</td>
                  <td>
                    {change.revision ?? ""}
                    {change.generation > 0 && ` (${t("postPage.history.replay", { generation: change.generation })})`}
                  </td>
                  <td>{change.sentiment ?? ""}</td>
                  <td>{change.language ?? ""}</td>
                  <td>
                    {change.counts === undefined ? "" : (["likes", "shares", "replies", "views"] as const).map((name) => formatNumber(change.counts?.[name] ?? 0)).join(" / ")}
                  </td>
                  <td className="figure">{change.offset}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** The message as it came: its shape for all, all of it for admins who say why. */
export function RawMessage({ trace, id }: { readonly trace: TraceView; readonly id: string }) {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const { raw } = trace;
  if (raw === undefined) return <Empty>{t("postPage.raw.none")}</Empty>;
  return (
    <>
      <p className="hint">{t("postPage.raw.intro")}</p>
      <p>{t("postPage.raw.came", { source: raw.source, at: when(raw.receivedAt), size: formatNumber(raw.masked.sizeBytes), form: raw.masked.form })}</p>
      {raw.masked.text === "" ? (
        <p>{t("postPage.raw.binary")}</p>
      ) : (
        <pre tabIndex={0} aria-label={t("postPage.raw.masked")}>
          {raw.masked.text}
        </pre>
      )}
      {raw.masked.cut && <p className="quiet">{t("postPage.raw.cut")}</p>}
      {isAdmin && (
        <Reveal title={t("postPage.raw.whole")} hint={t("reveal.hint")} load={(purpose) => wholeRawOf(id, purpose)}>
          {({ text, encoding }) => (
            <>
              {encoding === "base64" && <p>{t("postPage.raw.base64")}</p>}
              <pre tabIndex={0}>{text}</pre>
            </>
          )}
        </Reveal>
      )}
    </>
  );
}
