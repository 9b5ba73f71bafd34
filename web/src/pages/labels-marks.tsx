import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView, SetView, Span } from "./labels-api.ts";
import { piecesOf, placesOfWords, wholeWords, without, withSpan } from "./labels-spans.ts";

/** Words that are marked, from one to another, both in it. */
interface Mark {
  readonly from: number;
  readonly to: number;
}

/** Spans of kinds: words are marked by the mouse or by arrows, then a number says what they are. */
export function SpanMarks({ set, item, onSay }: { readonly set: SetView; readonly item: ItemView; readonly onSay: (spans: readonly Span[]) => void }) {
  const { t } = useTranslation();
  const { text } = item;
  const words = useMemo(() => placesOfWords(text), [text]);
  const [spans, setSpans] = useState<readonly Span[]>(item.mine?.spans ?? []);
  const [mark, setMark] = useState<Mark>({ from: 0, to: 0 });
  const box = useRef<HTMLParagraphElement>(null);
  const [first, last] = [Math.min(mark.from, mark.to), Math.max(mark.from, mark.to)];
  const place = { start: words[first]?.start ?? 0, end: words[last]?.end ?? 0 };
  const marked = text.slice(place.start, place.end);
  const name = (kind: string | undefined) => {
    if (kind !== undefined && place.end > place.start) setSpans((before) => withSpan(before, { ...place, kind }));
  };
  const remove = (at: { readonly start: number; readonly end: number }) => setSpans((before) => without(before, at.start, at.end));

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || event.target instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null)
        return;
      const step = (by: 1 | -1) =>
        setMark((before) => {
          const to = Math.max(0, Math.min(words.length - 1, before.to + by));
          return { from: event.shiftKey ? before.from : to, to };
        });
      const actions: Readonly<Record<string, () => void>> = {
        ArrowLeft: () => step(-1),
        ArrowRight: () => step(1),
        Delete: () => remove(place),
        Backspace: () => remove(place),
        ...(event.target instanceof HTMLButtonElement ? {} : { Enter: () => onSay(spans) }),
      };
      const action = /^[1-9]$/.test(event.key) ? () => name(set.classes[Number(event.key) - 1]) : actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });

  /** What the mouse chose, grown to whole words. */
  const onMouseUp = () => {
    const selection = getSelection();
    if (selection === null || selection.isCollapsed || selection.rangeCount === 0 || box.current === null) return;
    const range = selection.getRangeAt(0);
    const [start, end] = [placeIn(box.current, range.startContainer, range.startOffset), placeIn(box.current, range.endContainer, range.endOffset)];
    const whole = start === undefined || end === undefined ? undefined : wholeWords(text, start, end);
    if (whole === undefined) return;
    setMark({ from: words.findIndex((word) => word.start === whole.start), to: words.findIndex((word) => word.end === whole.end) });
    selection.removeAllRanges();
  };

  return (
    <>
      <p className="label-text label-marks" ref={box} onMouseUp={onMouseUp} role="region" aria-label={t("labels.work.text")}>
        {piecesOf(text, spans).map((piece) => {
          const inside = cut(piece.start, piece.end, place).map(({ start, end, isMarked }) => (
            <span key={start} data-start={start} className={isMarked ? "label-marked" : undefined}>
              {text.slice(start, end)}
            </span>
          ));
          return piece.span === undefined ? (
            <span key={piece.start}>{inside}</span>
          ) : (
            <mark key={piece.start} className={`label-span label-span-${set.classes.indexOf(piece.span.kind) % 6}`} data-kind={piece.span.kind}>
              {inside}
            </mark>
          );
        })}
      </p>
      <p role="status" className="hint">
        {t("labels.work.chosenWords", { words: marked })}
      </p>
      <fieldset className="label-classes">
        <legend>{t("labels.work.kinds")}</legend>
        {set.classes.map((kind, i) => (
          <button key={kind} type="button" className="label-class" onClick={() => name(kind)}>
            {i < 9 && <kbd>{i + 1}</kbd>} {kind}
          </button>
        ))}
      </fieldset>
      <ul className="label-spans">
        {spans.map((span) => (
          <li key={span.start}>
            {t("labels.work.spanOf", { kind: span.kind, text: text.slice(span.start, span.end) })}{" "}
            <button
              type="button"
              className="plain"
              aria-label={t("labels.work.removeSpan", { kind: span.kind, text: text.slice(span.start, span.end) })}
              onClick={() => remove(span)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="main" onClick={() => onSay(spans)}>
        {t("labels.work.done")} <kbd>Enter</kbd>
      </button>
    </>
  );
}

/** A piece where the mark begins and ends within it. */
function cut(start: number, end: number, mark: { readonly start: number; readonly end: number }) {
  const bounds = [start, ...[mark.start, mark.end].filter((at) => start < at && at < end), end];
  return bounds.slice(0, -1).map((from, i) => ({ start: from, end: bounds[i + 1] ?? end, isMarked: mark.start <= from && from < mark.end }));
}

/** Where in the text a place of the page lies; undefined: outside. */
function placeIn(box: HTMLElement, node: Node, offset: number): number | undefined {
  if (!box.contains(node)) return undefined;
  const holder = (node instanceof HTMLElement ? node : node.parentElement)?.closest<HTMLElement>("[data-start]");
  const start = holder?.dataset["start"];
  if (start !== undefined && node.nodeType === Node.TEXT_NODE) return Number(start) + offset;
  const inner = node.childNodes[offset] ?? node.childNodes[offset - 1];
  const near = inner instanceof HTMLElement ? (inner.matches("[data-start]") ? inner : inner.querySelector<HTMLElement>("[data-start]")) : null;
  return near?.dataset["start"] === undefined ? undefined : Number(near.dataset["start"]);
}
