import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { conflictsOf, type ItemView, saidInWords, settle, type SetView } from "./labels-api.ts";

type Said = NonNullable<ItemView["others"]>[number];

/** Texts that two people say different things of; who owns the set decides. */
export function Conflicts({ set, onChanged }: { readonly set: SetView; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const key = ["label-conflicts", set.id];
  const asked = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => conflictsOf(set.id, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const choose = useMutation({
    mutationFn: ({ item, said }: { readonly item: string; readonly said: Pick<Said, "label" | "spans"> }) => settle(set.id, item, said),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: key });
      onChanged();
    },
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Problem error={asked.error} onRetry={() => void asked.refetch()} />;
  const items = asked.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <Empty>{t("labels.conflicts.none")}</Empty>;
  const wordsOf = (said: Pick<Said, "label" | "spans">, item: ItemView) => saidInWords(said, item.text, t("labels.conflicts.noSpans"));
  return (
    <>
      {!set.mayManage && <p className="notice">{t("labels.conflicts.mayNot")}</p>}
      {choose.isError && <Problem error={choose.error} />}
      <ul className="label-conflicts">
        {items.map((item) => {
          const all = [...(item.mine === undefined || item.mine.skipped ? [] : [{ annotator: "you", ...item.mine }]), ...(item.others ?? [])];
          const choices: readonly Pick<Said, "label" | "spans">[] =
            set.kind === "classes" ? set.classes.map((label) => ({ label })) : [...new Map(all.map((one) => [JSON.stringify(one.spans), { spans: one.spans ?? [] }])).values()];
          return (
            <li key={item.id}>
              <p className="label-text">{item.text}</p>
              <p className="quiet">{all.map((one) => t("labels.conflicts.says", { name: one.annotator, label: wordsOf(one, item) })).join(" · ")}</p>
              {set.mayManage && (
                <div className="actions">
                  {choices.map((said) => (
                    <button key={JSON.stringify(said)} type="button" disabled={choose.isPending} onClick={() => choose.mutate({ item: item.id, said })}>
                      {t("labels.conflicts.choose", { label: wordsOf(said, item) })}
                    </button>
                  ))}
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {asked.hasNextPage && (
        <button type="button" onClick={() => void asked.fetchNextPage()} disabled={asked.isFetchingNextPage}>
          {t("labels.conflicts.more")}
        </button>
      )}
    </>
  );
}
