import { useTranslation } from "react-i18next";

/** What to do about a stable code. */
export function Advice({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  return (
    <span className="advice">
      <strong>{t("advice.label")}:</strong> {t(`advice.${code as "none"}`, { defaultValue: t("advice.none") })}
    </span>
  );
}
