import { formatNumber } from "../shell/format.ts";

const percentOf = (share: number): string => {
  const percent = share * 100;
  return percent === 0 ? "0" : percent < 0.1 ? "< 0.1" : formatNumber(Number(percent.toFixed(percent < 10 ? 1 : 0)));
};

/** A share of what is allowed, as a bar that also says it. */
export function ShareBar({ name, share, text }: { readonly name: string; readonly share: number; readonly text: string }) {
  const said = `${percentOf(share)} %`;
  return (
    <div className="share">
      <div
        className={share > 1 ? "share-bar over" : share >= 0.8 ? "share-bar much" : "share-bar"}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.round(share * 100))}
        aria-valuetext={`${said}; ${text}`}
      >
        <span style={{ inlineSize: `${Math.min(100, share * 100)}%` }} />
      </div>
      <span className="figure">{said}</span>
    </div>
  );
}
