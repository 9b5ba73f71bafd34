import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Advice } from "../shell/advice.tsx";
import { ConfirmByName, Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, mayAct, useMe } from "../shell/me.ts";
import { withQuery } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { Failures } from "./sources-failures.tsx";
import { type Activity, type History, historyOf, isTroubled, pauseSource, postsOfSource, removeSource, type SourceAnswer } from "./sources-api.ts";
import { Budgets, Warnings } from "./sources-budgets.tsx";
import { Granted } from "./sources-granted.tsx";
import { Receiving } from "./sources-receive.tsx";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));
const hourMs = 3_600_000;
const origins = { configuration: true, dashboard: true, "built-in": true } as const;
type Origin = keyof typeof origins;

const when = (at: string): string => `${formatDay(at)} ${formatClock(at)} UTC`;
export const formatGb = (bytes: number): string => (bytes === 0 ? "0" : bytes < 5_000_000 ? "< 0.01" : (bytes / 1e9).toFixed(2));

export function SourceDetail({
  source,
  activity,
  onClose,
  onChanged,
}: {
  readonly source: SourceAnswer;
  readonly activity: Activity | undefined;
  readonly onClose: () => void;
  readonly onChanged: (text: string) => void;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const isAdmin = mayAct(me, "admin");
  const [isRemoving, setRemoving] = useState(false);
  const pause = useMutation({ mutationFn: () => pauseSource(source.id, !source.paused), onSuccess: () => onChanged("") });
  const history = useQuery({ queryKey: ["source-history", source.id], queryFn: () => historyOf(source.id), enabled: !isKept(me), refetchInterval: 30_000 });
  const { lastError } = source;
  if (isRemoving) return <RemoveSource id={source.id} onClose={() => setRemoving(false)} onDone={onChanged} />;
  return (
    <Dialog kind="side" title={t("sources.detail.title", { id: source.id })} onClose={onClose}>
      <p>
        {source.connector} · {source.platform} · {source.origin in origins ? t(`sources.origin.${source.origin as Origin}`) : source.origin}
      </p>
      <p className={isTroubled(source) ? "trouble" : undefined}>
        <strong>{source.paused ? t("sources.paused") : source.state}</strong>
        {source.detail !== undefined && ` · ${source.detail}`}
        {source.retryAt !== undefined && ` · ${t("sources.detail.next", { time: formatClock(source.retryAt) })}`}
      </p>
      <Warnings warnings={source.warnings ?? []} />
      {isAdmin && <Granted source={source} />}
      <p>{t(source.keep === "matching" ? "sources.detail.keepsMatching" : "sources.detail.keepsEverything")}</p>
      <div className="actions">
        <Link className="button" to={searchPath(`source:${source.id}`)}>
          {t("sources.detail.posts")}
        </Link>
        <Link className="button" to={`/quarantine?source=${encodeURIComponent(source.id)}`}>
          {t("sources.detail.rejected")}
        </Link>
        <Link className="button" to={`/drift?source=${encodeURIComponent(source.id)}`}>
          {t("page.drift")}
        </Link>
        {isAdmin && source.origin === "dashboard" && (
          <>
            <Link className="button" to={withQuery({ edit: source.id, open: undefined })}>
              {t("sources.detail.edit")}
            </Link>
            <button type="button" disabled={pause.isPending} onClick={() => pause.mutate()}>
              {t(source.paused ? "sources.detail.resume" : "sources.detail.pause")}
            </button>
            <button type="button" className="danger" onClick={() => setRemoving(true)}>
              {t("sources.detail.remove")}
            </button>
          </>
        )}
      </div>
      {pause.isError && <Problem error={pause.error} />}
      {source.origin === "configuration" && <p className="quiet">{t("sources.detail.readOnly", { id: source.id })}</p>}
      {activity !== undefined && <Day activity={activity} />}
      {history.isError && <Problem error={history.error} />}
      {history.isLoading && <Loading />}
      {history.data !== undefined && <Hours history={history.data} isSimulated={source.simulated} />}
      <h3>{t("sources.detail.lastError")}</h3>
      {lastError === undefined ? (
        <p>{t("sources.detail.noError")}</p>
      ) : (
        <div>
          <p className={isTroubled(source) ? "trouble" : undefined}>
            <code>{lastError.code}</code> {when(lastError.at)}
            <br />
            {lastError.message}
          </p>
          <p>
            <Advice code={lastError.code} />
          </p>
        </div>
      )}
      {!isKept(me) && <Failures id={source.id} isSimulated={source.simulated} />}
      {activity?.position !== undefined && (
        <>
          <h3>{t("sources.detail.cursor")}</h3>
          <p>
            <code className="long">{activity.position.text}</code>{" "}
            <span className="quiet">
              {t("sources.detail.cursorHint")} {t("sources.detail.saved", { at: when(activity.position.savedAt) })}
            </span>
          </p>
        </>
      )}
      {activity !== undefined && <Budgets budgets={activity.budgets} day={activity.day} />}
      {source.connector === "webhook" && <Receiving id={source.id} use={source.connector} options={source.options ?? {}} />}
      {source.options !== undefined && (
        <>
          <h3>{t("sources.detail.options")}</h3>
          <pre tabIndex={0}>{JSON.stringify(source.options, undefined, 2)}</pre>
        </>
      )}
    </Dialog>
  );
}

function Day({ activity: { day, lastItemAt } }: { readonly activity: Activity }) {
  const { t } = useTranslation();
  const figures: readonly (readonly [string, string])[] = [
    [t("sources.day.messages"), formatNumber(day.messages)],
    [t("sources.day.posts"), formatNumber(day.posts)],
    [t("sources.day.gb"), formatGb(day.bytes)],
    [t("sources.day.requests"), formatNumber(day.requests)],
    [t("sources.day.saved"), formatNumber(day.saved)],
    [t("sources.day.errors"), formatNumber(day.errors)],
    [t("sources.day.gaps"), formatNumber(day.gaps)],
  ];
  return (
    <>
      <h3>
        {t("sources.day.title")}{" "}
        <About
          data={{ name: t("sources.day.title"), definition: t("sources.day.about"), metric: "collected 1", coverage: [t("sources.day.aboutKept"), t("sources.day.aboutPosts")] }}
        />
      </h3>
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{lastItemAt === undefined ? t("sources.day.noItem") : t("sources.day.lastItem", { at: when(lastItemAt) })}</p>
    </>
  );
}

function Hours({ history, isSimulated }: { readonly history: History; readonly isSimulated: boolean }) {
  const { t } = useTranslation();
  const { hours, gaps } = history;
  const first = hours[0];
  const last = hours.at(-1);
  if (first === undefined || last === undefined) return <p className="quiet">{t("sources.hours.none")}</p>;
  const messages = new Map(hours.map((hour) => [Date.parse(hour.at), hour.messages]));
  const points: (readonly [number, number])[] = [];
  for (let at = Date.parse(first.at); at <= Date.parse(last.at); at += hourMs) points.push([at, messages.get(at) ?? 0]);
  return (
    <>
      <Suspense fallback={<Loading />}>
        <TimeChart
          title={t("sources.hours.title")}
          unit={t("sources.hours.unit")}
          kind="bars"
          series={[{ id: "messages", name: t("sources.day.messages"), points }]}
          isSimulated={isSimulated}
          completeBefore={Date.parse(last.at)}
          heightPx={140}
        />
      </Suspense>
      <h3>{t("sources.gaps.title")}</h3>
      {gaps.length === 0 ? (
        <p>{t("sources.gaps.none")}</p>
      ) : (
        <ul className="plain-list">
          {gaps.map((gap) => (
            <li key={`${gap.at} ${gap.to}`}>
              {t("sources.gaps.span", { from: gap.from === undefined ? "?" : when(gap.from), to: when(gap.to) })} <span className="quiet">{gap.reason}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function RemoveSource({ id, onClose, onDone }: { readonly id: string; readonly onClose: () => void; readonly onDone: (text: string) => void }) {
  const { t } = useTranslation();
  const [withData, setWithData] = useState(false);
  const posts = useQuery({ queryKey: ["source-posts", id], queryFn: () => postsOfSource(id) });
  const remove = useMutation({
    mutationFn: () => removeSource(id, withData),
    onSuccess: ({ removedPosts }) => {
      onDone(withData ? t("sources.remove.done", { id, posts: formatNumber(removedPosts) }) : t("sources.remove.doneKept", { id }));
      onClose();
    },
  });
  const count = posts.data === undefined ? "…" : formatNumber(posts.data.posts);
  return (
    <ConfirmByName
      title={t("sources.remove.title", { id })}
      name={id}
      action={t("sources.remove.action")}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{t("sources.remove.only", { posts: count })}</p>
      <label className="check">
        <input type="checkbox" checked={withData} onChange={(event) => setWithData(event.target.checked)} /> {t("sources.remove.data", { posts: count })}
      </label>
      {withData && <p className="trouble">{t("sources.remove.where", { posts: count })}</p>}
      {remove.isError && <Problem error={remove.error} />}
    </ConfirmByName>
  );
}
