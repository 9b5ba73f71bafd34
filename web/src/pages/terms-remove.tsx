import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Problem } from "../shell/states.tsx";
import { removeTerm, taggedCount, type TermAnswer } from "./terms-api.ts";

/** Says what goes and what stays. It can be undone, so no name need be typed. */
export function RemoveTerm({ term, onRemoved, onClose }: { readonly term: TermAnswer; readonly onRemoved: () => void; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const tagged = useQuery({ queryKey: ["term-tagged", term.id], queryFn: () => taggedCount(term.id) });
  const remove = useMutation({ mutationFn: () => removeTerm(term.id), onSuccess: onRemoved });
  return (
    <Dialog title={t("terms.removeTitle", { name: term.name })} onClose={onClose}>
      <ul>
        {tagged.data !== undefined && <li>{t("terms.removePosts", { count: tagged.data.posts, formatted: formatNumber(tagged.data.posts), id: term.id })}</li>}
        <li>{t("terms.removeFigures")}</li>
        <li>{t("terms.removeKeep")}</li>
        <li>{t("terms.removeUndo")}</li>
      </ul>
      {remove.isError && <Problem error={remove.error} />}
      <div className="actions">
        <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t("terms.remove")}
        </button>
      </div>
    </Dialog>
  );
}
