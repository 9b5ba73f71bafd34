import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./dialog.tsx";
import { Link } from "./link.tsx";
import { mayAct, useMe } from "./me.ts";
import { usePlace } from "./place.ts";
import { Problem } from "./states.tsx";
import { addView, changeView, isSameQuery, listViews, pinView, removeView, type SavedView, type ViewPath } from "./views-api.ts";
import "./views.css";

const addressOf = ({ path, query }: SavedView): string => (query === "" ? path : `${path}?${query}`);

/** Pinned views of the page at hand, and the panel of all: open, save, rename, share, update, pin, delete. */
export function Views({ path }: { readonly path: ViewPath }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const [isOpen, setOpen] = useState(false);
  const known = useQuery({ queryKey: ["views"], queryFn: listViews, staleTime: 30_000 });
  const own = (known.data?.items ?? []).filter((view) => view.path === path);
  const isOn = (view: SavedView) => isSameQuery(view.query, query.toString());
  return (
    <div className="views">
      {own
        .filter((view) => view.pinned)
        .map((view) => (
          <Link key={view.id} to={addressOf(view)} className="view-pin" aria-current={isOn(view) || undefined}>
            {view.name}
          </Link>
        ))}
      <button type="button" onClick={() => setOpen(true)}>
        {t("views.open")}
      </button>
      {isOpen && (
        <Dialog title={t("views.title")} kind="side" onClose={() => setOpen(false)}>
          <SaveView path={path} query={query.toString()} />
          {known.isError && <Problem error={known.error} onRetry={() => void known.refetch()} />}
          {known.isSuccess && own.length === 0 && <p className="empty">{t("views.none")}</p>}
          <ul className="view-list">
            {own.map((view) => (
              <ViewEntry key={view.id} view={view} isOn={isOn(view)} query={query.toString()} onOpened={() => setOpen(false)} />
            ))}
          </ul>
        </Dialog>
      )}
    </div>
  );
}

function useChange<T>(run: (argument: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: run, onSuccess: () => client.invalidateQueries({ queryKey: ["views"] }) });
}

function SaveView({ path, query }: { readonly path: ViewPath; readonly query: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const save = useChange(addView);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name: name.trim(), path, query, shared }, { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit} className="view-save">
      <label className="field">
        {t("views.name")}
        <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={100} autoComplete="off" />
      </label>
      {mayAct(me, "analyst") && (
        <label className="check">
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} /> {t("views.shared")}
        </label>
      )}
      <button type="submit" className="main" disabled={save.isPending}>
        {t("views.save")}
      </button>
      {save.isError && <Problem error={save.error} />}
      <p role="status" className="quiet">
        {save.isSuccess && name === "" ? t("views.saved") : " "}
      </p>
    </form>
  );
}

function ViewEntry({ view, isOn, query, onOpened }: { readonly view: SavedView; readonly isOn: boolean; readonly query: string; readonly onOpened: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const id = useId();
  const [isRenaming, setRenaming] = useState(false);
  const [name, setName] = useState(view.name);
  const change = useChange((fields: Parameters<typeof changeView>[1]) => changeView(view.id, fields));
  const pin = useChange((pinned: boolean) => pinView(view.id, pinned));
  const remove = useChange(() => removeView(view.id));
  const [isSure, setSure] = useState(false);
  const failed = [change, pin, remove].find((one) => one.isError);
  const whose = view.owner !== me.name ? t("views.of", { owner: view.owner }) : t(view.shared ? "views.sharedMine" : "views.mine");
  return (
    <li>
      <div className="view-head">
        {isRenaming ? (
          <form
            className="bar grow"
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate({ name: name.trim() }, { onSuccess: () => setRenaming(false) });
            }}
          >
            <label className="unseen" htmlFor={id}>
              {t("views.name")}
            </label>
            <input id={id} className="grow" value={name} onChange={(event) => setName(event.target.value)} required maxLength={100} autoFocus />
            <button type="submit">{t("views.rename")}</button>
          </form>
        ) : (
          <span className="grow" onClick={onOpened}>
            <Link to={addressOf(view)} aria-current={isOn || undefined}>
              {view.name}
            </Link>{" "}
            <span className="quiet">{whose}</span>
          </span>
        )}
        <button
          type="button"
          className="plain"
          aria-pressed={view.pinned}
          aria-label={`${t(view.pinned ? "views.unpin" : "views.pin")}: ${view.name}`}
          onClick={() => pin.mutate(!view.pinned)}
        >
          {t(view.pinned ? "views.unpin" : "views.pin")}
        </button>
      </div>
      {view.mine && !isRenaming && (
        <details>
          <summary>{t("views.more", { name: view.name })}</summary>
          <div className="view-actions">
            <button type="button" onClick={() => setRenaming(true)}>
              {t("views.rename")}
            </button>
            <button type="button" disabled={isOn} onClick={() => change.mutate({ query })}>
              {t("views.update")}
            </button>
            {mayAct(me, "analyst") && (
              <button type="button" onClick={() => change.mutate({ shared: !view.shared })}>
                {t(view.shared ? "views.unshare" : "views.share")}
              </button>
            )}
            {isSure ? (
              <button type="button" className="danger" onClick={() => remove.mutate(undefined)}>
                {t("views.removeSure", { name: view.name })}
              </button>
            ) : (
              <button type="button" onClick={() => setSure(true)}>
                {t("views.remove")}
              </button>
            )}
          </div>
        </details>
      )}
      {failed !== undefined && <Problem error={failed.error} />}
    </li>
  );
}
