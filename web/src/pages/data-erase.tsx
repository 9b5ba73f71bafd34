import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmByName } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Erasure, erasePerson, erasures, findPerson, type Found, formatBytes, type Person } from "./data-api.ts";

const nameOf = (person: Person): string => person.handle ?? person.name ?? person.author.slice(0, 12);

export function Erasing() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [who, setWho] = useState("");
  const [chosen, setChosen] = useState<Person>();
  const [notice, setNotice] = useState("");
  const find = useMutation({ mutationFn: findPerson });
  const register = useQuery({ queryKey: ["erasures"], queryFn: erasures, refetchInterval: 10_000 });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (who.trim() !== "") find.mutate(who.trim());
  };
  const { data } = find;
  return (
    <>
      <h3 id="erase-title">{t("data.erase.title")}</h3>
      <p className="hint">{t("data.erase.hint")}</p>
      <form className="bar" onSubmit={submit} aria-labelledby="erase-title">
        <label className="field grow">
          {t("data.erase.label")}
          <input value={who} onChange={(event) => setWho(event.target.value)} maxLength={300} autoComplete="off" spellCheck={false} />
        </label>
        <button type="submit" disabled={find.isPending}>
          {t("data.erase.find")}
        </button>
      </form>
      <p role="status">{notice}</p>
      {find.isPending && <Loading what={t("data.erase.finding")} />}
      {find.isError && <Problem error={find.error} />}
      {data !== undefined && <FoundPerson found={data} onErase={setChosen} />}
      {chosen !== undefined && (
        <EraseDialog
          person={chosen}
          onClose={() => setChosen(undefined)}
          onDone={(text) => {
            setNotice(text);
            find.reset();
            for (const name of ["erasures", "kept", "status"]) void client.invalidateQueries({ queryKey: [name] });
          }}
        />
      )}
      <h3>{t("data.register.title")}</h3>
      {register.isError && <Problem error={register.error} />}
      {register.data !== undefined && (register.data.items.length === 0 ? <Empty>{t("data.register.empty")}</Empty> : <Register items={register.data.items} />)}
    </>
  );
}

function FoundPerson({ found, onErase }: { readonly found: Found; readonly onErase: (person: Person) => void }) {
  const { t } = useTranslation();
  const files = found.stores.reduce((sum, store) => sum + store.files, 0);
  const columns: Column<Found["stores"][number]>[] = [
    { id: "store", name: t("data.column.store"), cell: ({ store }) => store },
    { id: "hits", name: t("data.erase.columnHits"), isFigure: true, cell: ({ hits }) => formatNumber(hits) },
    { id: "files", name: t("data.erase.columnFiles"), isFigure: true, cell: (store) => `${formatNumber(store.files)} (${formatBytes(store.bytesScanned)})` },
  ];
  if (found.total === 0 && found.authors.length === 0) return <Empty>{t("data.erase.nobody", { files: formatNumber(files) })}</Empty>;
  return (
    <div className="found-person">
      <strong>{t("data.erase.met", { total: formatNumber(found.total) })}</strong>
      <ul className="people">
        {found.authors.map((person) => (
          <li key={person.author}>
            {t("data.erase.known", { handle: nameOf(person), platform: person.platform, posts: formatNumber(person.posts) })}{" "}
            <button type="button" className="danger" onClick={() => onErase(person)}>
              {t("data.erase.erase")}
            </button>
          </li>
        ))}
      </ul>
      <Table caption={t("data.erase.caption")} columns={columns} rows={found.stores} rowKey={({ store }) => store} />
    </div>
  );
}

function EraseDialog({ person, onClose, onDone }: { readonly person: Person; readonly onClose: () => void; readonly onDone: (text: string) => void }) {
  const { t } = useTranslation();
  const [objection, setObjection] = useState(false);
  const [now, setNow] = useState(false);
  const erase = useMutation({
    mutationFn: () => erasePerson(person.author, objection, now),
    onSuccess: ({ items }) => {
      onDone(t("data.erase.done", { state: items[0]?.state ?? "" }));
      onClose();
    },
  });
  const who = nameOf(person);
  return (
    <ConfirmByName title={t("data.erase.confirm", { who })} name={who} action={t("data.erase.action")} isBusy={erase.isPending} onConfirm={() => erase.mutate()} onClose={onClose}>
      <p>{t("data.erase.what", { posts: formatNumber(person.posts) })}</p>
      <label className="check">
        <input type="checkbox" checked={objection} onChange={(event) => setObjection(event.target.checked)} /> {t("data.erase.objection")}
      </label>
      <label className="check">
        <input type="checkbox" checked={now} onChange={(event) => setNow(event.target.checked)} /> {t("data.erase.now")}
      </label>
      {erase.isError && <Problem error={erase.error} />}
    </ConfirmByName>
  );
}

function Register({ items }: { readonly items: readonly Erasure[] }) {
  const { t } = useTranslation();
  const when = (at: string) => `${formatDay(at)} ${formatClock(at)}`;
  const columns: Column<Erasure>[] = [
    { id: "at", name: t("data.register.at"), cell: ({ at }) => when(at), sortBy: ({ at }) => at },
    { id: "reason", name: t("data.register.reason"), cell: ({ reason, objection }) => (objection ? `${reason}, ${t("data.erase.objection")}` : reason) },
    { id: "state", name: t("data.register.state"), cell: ({ state }) => t(`data.register.states.${state}` as "data.register.states.gone", { defaultValue: state }) },
    { id: "posts", name: t("data.register.posts"), isFigure: true, cell: ({ posts }) => formatNumber(posts) },
    { id: "due", name: t("data.register.due"), cell: ({ dueAt }) => when(dueAt) },
    {
      id: "proofs",
      name: t("data.register.proofs"),
      cell: ({ proofs }) => proofs.map(({ store, removedPosts, physical }) => `${store} ${formatNumber(removedPosts)}${physical ? " ✓" : ""}`).join(", "),
    },
  ];
  return <Table caption={t("data.register.title")} columns={columns} rows={items} rowKey={({ id }) => id} />;
}
