import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type ItemView, type Said, saidInWords, type SetView, setOf } from "./labels-api.ts";
import { Classes } from "./labels-classes.tsx";
import { SpanMarks } from "./labels-marks.tsx";
import { type Answered, useQueue } from "./labels-queue.ts";

/** Labelling: a text, its classes under the number keys, the guidelines beside. */
export function Work({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["label-set", id], queryFn: () => setOf(id), refetchOnMount: "always" });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Problem error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <section aria-labelledby="label-work-title" className="label-work">
      <p className="crumbs">
        <Link to={`/labels/${id}`}>{t("labels.work.back")}</Link>
      </p>
      <Desk set={asked.data} />
    </section>
  );
}

function Desk({ set }: { readonly set: SetView }) {
  const { t } = useTranslation();
  const queue = useQueue(set.id);
  const { waiting, answered, say, takeBack } = queue;
  /** How many texts back one looks; 0: at the next one to label. */
  const [back, setBack] = useState(0);
  const [isHelp, setHelp] = useState(false);
  const begun = useRef(performance.now());
  const shownAt = useRef(performance.now());
  const looked = back === 0 ? undefined : answered.at(-back);
  const item = looked === undefined ? waiting?.[0] : (looked.told ?? looked.item);
  useEffect(() => {
    shownAt.current = performance.now();
  }, [item?.id]);
  const answer = useCallback(
    (said: Said) => {
      if (item === undefined) return;
      say(item, said, performance.now() - shownAt.current);
      setBack(0);
    },
    [item, say],
  );
  const move = useCallback((by: 1 | -1) => setBack((before) => Math.max(0, Math.min(answered.length, before - by))), [answered.length]);
  const undoLast = useCallback(() => {
    setBack(0);
    takeBack();
  }, [takeBack]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.defaultPrevented || isHelp) return;
      const actions: Readonly<Record<string, () => void>> = {
        u: undoLast,
        s: () => answer({ skipped: true }),
        "?": () => setHelp(true),
        // Left and right go by words where spans are marked: there they need Alt.
        ...(event.altKey || set.kind === "classes" ? { ArrowLeft: () => move(-1), ArrowRight: () => move(1) } : {}),
      };
      const action = event.target instanceof HTMLInputElement ? undefined : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    // Before the keys of the whole page.
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, [answer, move, undoLast, set.kind, isHelp]);
  const minutes = (performance.now() - begun.current) / 60_000;
  const left = Math.max(0, set.progress.left - queue.count);
  return (
    <>
      <div className="bar">
        <h2 id="label-work-title">{t("labels.work.title", { name: set.name })}</h2>
        <span className="grow" />
        <button type="button" className="plain" onClick={() => setHelp(true)}>
          {t("labels.work.help")} <kbd>?</kbd>
        </button>
      </div>
      <div className="label-pace quiet">
        <progress value={queue.count} max={Math.max(1, set.progress.left)} aria-label={t("labels.work.left", { count: left })} />
        <span>{t("labels.work.left", { count: left })}</span>
        <span>{t("labels.work.session", { count: queue.count })}</span>
        {queue.count > 2 && <span>{t("labels.work.speed", { perMinute: formatNumber(Math.round((queue.count / minutes) * 10) / 10) })}</span>}
      </div>
      {queue.error !== undefined && <Problem error={queue.error} onRetry={() => void queue.retry()} />}
      <div className="label-desk">
        <div>
          {waiting === undefined ? (
            queue.error === undefined && <Loading />
          ) : item === undefined ? (
            <Empty
              action={
                <>
                  <Link to={`/labels/${set.id}`}>{t("labels.work.emptyMore")}</Link> · <Link to={`/labels/${set.id}?view=versions`}>{t("labels.work.emptyFreeze")}</Link>
                </>
              }
            >
              {t("labels.work.empty")}
            </Empty>
          ) : set.kind === "classes" ? (
            <Classes key={item.id} set={set} item={item} onSay={(label) => answer({ label })} />
          ) : (
            <SpanMarks key={item.id} set={set} item={item} onSay={(spans) => answer({ spans })} />
          )}
          {item !== undefined && <Why item={item} />}
          <div className="actions">
            <button type="button" onClick={undoLast}>
              {t("labels.work.undo")} <kbd>U</kbd>
            </button>
            <button type="button" onClick={() => answer({ skipped: true })} disabled={item === undefined}>
              {t("labels.work.skip")} <kbd>S</kbd>
            </button>
            <span className="label-back">
              <button type="button" className="plain" onClick={() => move(-1)} disabled={back >= answered.length}>
                {t("labels.work.previous")} <kbd>{set.kind === "classes" ? "←" : "Alt ←"}</kbd>
              </button>
              <button type="button" className="plain" onClick={() => move(1)} disabled={back === 0}>
                {t("labels.work.following")} <kbd>{set.kind === "classes" ? "→" : "Alt →"}</kbd>
              </button>
            </span>
          </div>
          <p role="status" className="label-last quiet">
            {queue.notice === undefined ? <Last answered={looked ?? answered.at(-1)} /> : t(`labels.work.${queue.notice}`)}
          </p>
        </div>
        <aside aria-labelledby="label-guidelines-title" className="label-guidelines">
          <h3 id="label-guidelines-title">{t("labels.work.guidelines")}</h3>
          <p>{set.guidelines.trim() === "" ? t("labels.work.noGuidelines") : set.guidelines}</p>
        </aside>
      </div>
      {isHelp && <Help set={set} onClose={() => setHelp(false)} />}
    </>
  );
}

/** Why this text is shown. */
function Why({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const { by, doubt, of, model } = item.origin;
  return (
    <p className="hint">
      {t(`labels.work.why.${by}`, { doubt: doubt === undefined ? "–" : doubt.toFixed(2), of: of === undefined ? "–" : formatNumber(of), model })}
      {item.platform !== undefined && ` · ${item.platform}`}
      {item.createdAt !== undefined && ` · ${item.createdAt.slice(0, 10)}`}
    </p>
  );
}

/** What one said last, and what others say of it: told only now. */
function Last({ answered }: { readonly answered: Answered | undefined }) {
  const { t } = useTranslation();
  const told = answered?.told;
  if (told?.mine === undefined) return null;
  const inWords = (said: Parameters<typeof saidInWords>[0]) => saidInWords(said, told.text, t("labels.conflicts.noSpans"));
  if (told.mine.skipped) return t("labels.work.lastSkipped");
  const others = told.others ?? [];
  return [
    t("labels.work.last", { label: inWords(told.mine) }),
    ...(others.length === 0 ? [t("labels.work.othersNone")] : others.map((one) => t("labels.work.othersSay", { name: one.annotator, label: inWords(one) }))),
    ...(told.origin.guess === undefined ? [] : [t("labels.work.guess", { guess: told.origin.guess })]),
  ].join(" · ");
}

function Help({ set, onClose }: { readonly set: SetView; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const rows = [
    ["1–9", "number"],
    set.kind === "classes" ? ["↑ ↓", "arrowsClasses"] : ["← →", "arrowsSpans"],
    set.kind === "classes" ? ["← →", "back"] : ["Alt ← →", "backSpans"],
    ...(set.kind === "classes"
      ? []
      : [
          ["Del", "removeSpan"],
          ["Enter", "enterSpans"],
        ]),
    ["U", "undo"],
    ["S", "skip"],
    ["?", "help"],
  ];
  return (
    <Dialog title={t("labels.work.keys.title")} onClose={onClose}>
      <dl className="label-keys">
        {rows.map(([key = "", name = ""]) => (
          <div key={name}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`labels.work.keys.${name}` as "labels.work.keys.help")}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
