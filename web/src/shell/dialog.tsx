import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";

/** A modal dialog; `side` is the panel that rows open beside their list. */
export function Dialog({
  title,
  onClose,
  children,
  kind = "middle",
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly kind?: "middle" | "side";
}) {
  const { t } = useTranslation();
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={element} className={`dialog dialog-${kind}`} aria-labelledby={id} onClose={onClose}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="plain" onClick={() => element.current?.close()}>
          {t("shell.close")}
        </button>
      </div>
      {children}
    </dialog>
  );
}

/** Asks for the name of what will be destroyed, and says what goes. */
export function ConfirmByName({
  title,
  name,
  action,
  children,
  isBusy = false,
  onConfirm,
  onClose,
}: {
  readonly title: string;
  /** What must be typed. */
  readonly name: string;
  readonly action: string;
  readonly children: ReactNode;
  readonly isBusy?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const typed = useRef<HTMLInputElement>(null);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.current?.value === name) onConfirm();
          else typed.current?.focus();
        }}
      >
        {children}
        <label className="field">
          {t("shell.typeName", { name })}
          <input ref={typed} autoComplete="off" spellCheck={false} required />
        </label>
        <div className="actions">
          <button type="submit" className="danger" disabled={isBusy}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
