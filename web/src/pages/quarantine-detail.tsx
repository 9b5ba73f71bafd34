import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Advice } from "../shell/advice.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber, languageName } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { Reveal } from "../shell/reveal.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { type Choice, type Item, itemOf, preview, wholeItemOf } from "./quarantine-api.ts";

export interface Acts {
  readonly replay: (choice: Choice) => void;
  readonly dismiss: (choice: Choice) => void;
  readonly reopen: (choice: Choice) => void;
  readonly isBusy: boolean;
}

/** One message that was set aside: its reason, its shape, what today's parser makes of it. */
export function ItemDetail({ id, acts, onClose }: { readonly id: string; readonly acts: Acts; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const found = useQuery({ queryKey: ["quarantine-item", id], queryFn: () => itemOf(id) });
  const item = found.data;
  const done = (act: (choice: Choice) => void) => () => {
    act({ ids: [id] });
    onClose();
  };
  return (
    <Dialog kind="side" title={t("quarantine.item", { id })} onClose={onClose}>
      {found.isPending && <Loading />}
      {found.isError && <Problem error={found.error} />}
      {item !== undefined && (
        <>
          <p className="trouble">
            <code>{item.code}</code> {item.message}
          </p>
          <p>
            <Advice code={item.code} />
          </p>
          <p className="quiet">{t("quarantine.cameFrom", { source: item.source, at: `${formatDay(item.at)} ${formatClock(item.at)} UTC` })}</p>
          <h3>{t("quarantine.raw")}</h3>
          {item.masked === undefined ? (
            <p>{t("quarantine.gone")}</p>
          ) : (
            <>
              <p className="hint">{t("quarantine.masked", { size: formatNumber(item.masked.sizeBytes), form: item.masked.form })}</p>
              {item.masked.text !== "" && <pre tabIndex={0}>{item.masked.text}</pre>}
            </>
          )}
          {isAdmin && item.masked !== undefined && (
            <Reveal title={t("quarantine.whole")} hint={t("reveal.hint")} load={(purpose) => wholeItemOf(id, purpose)}>
              {({ raw, encoding }) => (
                <>
                  {encoding === "base64" && <p>{t("postPage.raw.base64")}</p>}
                  <pre tabIndex={0}>{raw}</pre>
                </>
              )}
            </Reveal>
          )}
          <h3>{t("quarantine.preview.title")}</h3>
          <Previewed choice={{ ids: [id] }} />
          {isAdmin && (
            <div className="actions">
              {item.state === "dismissed" ? (
                <button type="button" disabled={acts.isBusy} onClick={done(acts.reopen)}>
                  {t("quarantine.reopen")}
                </button>
              ) : (
                <button type="button" disabled={acts.isBusy || item.state !== "open"} onClick={done(acts.dismiss)}>
                  {t("quarantine.dismiss")}
                </button>
              )}
              <button type="button" className="main" disabled={acts.isBusy || item.masked === undefined} onClick={done(acts.replay)}>
                {t("quarantine.replay")}
              </button>
            </div>
          )}
        </>
      )}
    </Dialog>
  );
}

/** Before: why it was set aside. After: what today's parser and stages make of it. */
export function Previewed({ choice }: { readonly choice: Choice }) {
  const { t } = useTranslation();
  const made = useQuery({ queryKey: ["quarantine-preview", JSON.stringify(choice)], queryFn: () => preview(choice), staleTime: 0 });
  if (made.isError) return <Problem error={made.error} onRetry={() => void made.refetch()} />;
  if (made.data === undefined) return <Loading />;
  const { items, of } = made.data;
  const kept = items.filter((one) => one.made?.outcome === "kept").length;
  return (
    <>
      <p role="status">{t("quarantine.preview.sum", { kept: formatNumber(kept), looked: formatNumber(items.length), of: formatNumber(of) })}</p>
      <ul className="previews">
        {items.map(({ item, made: after }) => (
          <li key={item.id}>
            <p className="quiet">
              {t("quarantine.preview.before")} <code>{item.code}</code> {item.message}
            </p>
            <After item={item} after={after} />
          </li>
        ))}
      </ul>
    </>
  );
}

function After({ item, after }: { readonly item: Item; readonly after: Awaited<ReturnType<typeof preview>>["items"][number]["made"] }) {
  const { t } = useTranslation();
  if (after === undefined) return <p>{t("quarantine.gone")}</p>;
  if (after.outcome === "rejected")
    return (
      <p>
        {t(after.code === item.code ? "quarantine.preview.same" : "quarantine.preview.rejected")} <code>{after.code}</code> {after.message}
      </p>
    );
  if (after.outcome === "dropped") return <p>{t("quarantine.preview.dropped", { why: after.message ?? "" })}</p>;
  return (
    <>
      {after.posts.map((post, i) => (
        <p key={i} className="preview-post" dir="auto">
          {post.text}
          <span className="quiet">
            {" "}
            {[
              formatDay(post.createdAt),
              post.language === "und" ? t("post.languageUnknown") : languageName(post.language),
              post.sentiment ?? t("post.notScored"),
              ...post.terms,
            ].join(" · ")}
          </span>
        </p>
      ))}
      {Object.entries(after.others).map(([kind, count]) => (
        <p key={kind}>{t("quarantine.preview.other", { kind, count })}</p>
      ))}
    </>
  );
}
