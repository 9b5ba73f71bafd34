import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { ask } from "../shell/api.ts";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { GrantedAccounts } from "./connections-grants.tsx";

interface Host {
  readonly host: string;
  readonly calls: number;
  readonly failed: number;
  readonly savedCalls: number;
  readonly savedBytes: number;
  readonly state: "closed" | "open" | "half-open";
  readonly openUntil?: string;
  readonly opened: number;
}
interface Proxy {
  readonly calls: number;
  readonly failed: number;
  readonly outUntil?: string;
}
interface Profile {
  readonly profile: string;
  readonly rotation: string;
  readonly fixed: boolean;
  readonly proxies: readonly Proxy[];
}
interface Refused {
  readonly at: string;
  readonly source: string;
  readonly host?: string;
  readonly egress?: string;
}
interface Answer {
  readonly hosts: readonly Host[];
  readonly egress: readonly Profile[];
  readonly refused: readonly Refused[];
}

const connectionsOf = (): Promise<Answer> => ask("/api/v1/connections");
const formatMb = (bytes: number): string => (bytes === 0 ? "0 MB" : bytes < 50_000 ? "< 0.1 MB" : `${(bytes / 1e6).toFixed(1)} MB`);

export default function Connections() {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const asked = useQuery({ queryKey: ["connections"], queryFn: connectionsOf, refetchInterval: 5_000 });
  const { hosts = [], egress = [], refused = [] } = asked.data ?? {};
  return (
    <section aria-labelledby="connections-title">
      <div className="bar">
        <h2 id="connections-title">{t("page.connections")}</h2>
        <About data={{ name: t("page.connections"), definition: t("connections.about"), metric: "connections 1", coverage: [t("connections.aboutNot")] }} />
      </div>
      <p className="hint">{t("connections.intro")}</p>
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && (
        <>
          <h3>{t("connections.hosts")}</h3>
          {hosts.length === 0 ? <Empty action={<Link to="/sources">{t("connections.toSources")}</Link>}>{t("connections.none")}</Empty> : <Hosts hosts={hosts} />}
          {isAdmin && <GrantedAccounts />}
          <h3>{t("connections.egress")}</h3>
          {egress.length === 0 ? <p className="quiet">{t("connections.noEgress")}</p> : <Profiles profiles={egress} />}
          <h3>{t("connections.refused")}</h3>
          {refused.length === 0 ? <p className="quiet">{t("connections.noRefused")}</p> : <RefusedWays refused={refused} />}
        </>
      )}
    </section>
  );
}

function Hosts({ hosts }: { readonly hosts: readonly Host[] }) {
  const { t } = useTranslation();
  return (
    <Table
      caption={t("connections.hosts")}
      rows={hosts}
      rowKey={({ host }) => host}
      columns={[
        { id: "host", name: t("connections.host"), cell: ({ host }) => <code>{host}</code>, sortBy: ({ host }) => host },
        { id: "calls", name: t("connections.calls"), cell: ({ calls }) => formatNumber(calls), isFigure: true, sortBy: ({ calls }) => calls },
        {
          id: "failed",
          name: t("connections.failed"),
          cell: ({ failed }) => <span className={failed > 0 ? "trouble" : undefined}>{formatNumber(failed)}</span>,
          isFigure: true,
          sortBy: ({ failed }) => failed,
        },
        { id: "saved", name: t("connections.saved"), cell: ({ savedCalls }) => formatNumber(savedCalls), isFigure: true, sortBy: ({ savedCalls }) => savedCalls },
        { id: "bytes", name: t("connections.savedBytes"), cell: ({ savedBytes }) => formatMb(savedBytes), isFigure: true, sortBy: ({ savedBytes }) => savedBytes },
        {
          id: "breaker",
          name: t("connections.breaker"),
          cell: ({ state, openUntil }) => (
            <span className={state === "closed" ? undefined : "trouble"}>{t(`connections.state.${state}`, { time: openUntil === undefined ? "" : formatClock(openUntil) })}</span>
          ),
          sortBy: ({ state }) => state,
        },
        { id: "opened", name: t("connections.opened"), cell: ({ opened }) => formatNumber(opened), isFigure: true, sortBy: ({ opened }) => opened },
      ]}
    />
  );
}

function Profiles({ profiles }: { readonly profiles: readonly Profile[] }) {
  const { t } = useTranslation();
  const rows = profiles.flatMap(({ profile, rotation, fixed, proxies }) => proxies.map((proxy, index) => ({ profile, rotation, fixed, number: index + 1, ...proxy })));
  return (
    <Table
      caption={t("connections.egress")}
      rows={rows}
      rowKey={({ profile, number }) => `${profile} ${number}`}
      columns={[
        { id: "profile", name: t("connections.profile"), cell: ({ profile, number }) => `${profile}: ${t("connections.proxy", { number })}`, sortBy: ({ profile }) => profile },
        { id: "rotation", name: t("connections.rotation"), cell: ({ rotation, fixed }) => (fixed ? t("connections.fixed") : rotation) },
        { id: "calls", name: t("connections.calls"), cell: ({ calls }) => formatNumber(calls), isFigure: true, sortBy: ({ calls }) => calls },
        { id: "failed", name: t("connections.failed"), cell: ({ failed }) => formatNumber(failed), isFigure: true, sortBy: ({ failed }) => failed },
        {
          id: "health",
          name: t("connections.proxies"),
          cell: ({ outUntil }) => (outUntil === undefined ? t("connections.well") : <span className="trouble">{t("connections.outUntil", { time: formatClock(outUntil) })}</span>),
        },
      ]}
    />
  );
}

function RefusedWays({ refused }: { readonly refused: readonly Refused[] }) {
  const { t } = useTranslation();
  return (
    <Table
      caption={t("connections.refused")}
      rows={refused}
      rowKey={({ at, source, host = "" }) => `${at} ${source} ${host}`}
      columns={[
        { id: "at", name: t("connections.at"), cell: ({ at }) => `${formatDay(at)} ${formatClock(at)} UTC`, sortBy: ({ at }) => at },
        { id: "source", name: t("connections.source"), cell: ({ source }) => source, sortBy: ({ source }) => source },
        { id: "host", name: t("connections.host"), cell: ({ host }) => host ?? t("connections.withConfiguration") },
        { id: "way", name: t("connections.way"), cell: ({ egress }) => egress ?? t("connections.straight") },
      ]}
    />
  );
}
