import { useTranslation } from "react-i18next";

const textIn = (value: unknown, name: string): string | undefined => {
  const found = typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
};

/** The headers that a sender gives along, one a line: Standard Webhooks, or the form that the options name. */
export function headersOf(signature: unknown): readonly string[] {
  const header = textIn(signature, "header");
  const type = "content-type: application/json";
  if (header === undefined)
    return [type, "webhook-id: <id of the delivery>", "webhook-timestamp: <seconds since 1970>", "webhook-signature: v1,<base64 of HMAC-SHA256(key, id.timestamp.body)>"];
  const time = textIn(signature, "timestampHeader");
  const id = textIn(signature, "idHeader");
  const signed = textIn(signature, "signs") === "timestamp.body" ? "timestamp.body" : "body";
  return [
    type,
    ...(id === undefined ? [] : [`${id}: <id of the delivery>`]),
    ...(time === undefined ? [] : [`${time}: <seconds since 1970>`]),
    `${header}: ${textIn(signature, "prefix") ?? "sha256="}<${textIn(signature, "encoding") ?? "hex"} of HMAC-SHA256(key, ${signed})>`,
  ];
}

/** Where a sender posts to, and how it signs. */
export function Receiving({ id, use, options }: { readonly id: string; readonly use: string; readonly options: Readonly<Record<string, unknown>> }) {
  const { t } = useTranslation();
  const address = `${location.origin}/api/v1/in/${id}`;
  return (
    <section className="receiving" aria-labelledby="receiving-title">
      <h3 id="receiving-title">{t("setup.receive.title")}</h3>
      <p>{t(use === "webhook" ? "setup.receive.about" : "setup.receive.callback")}</p>
      <pre tabIndex={0} aria-label={t("setup.receive.form")}>
        {use === "webhook" ? [`POST ${address}`, ...headersOf(options["signature"]), "", t("setup.receive.body")].join("\n") : address}
      </pre>
      <p className="quiet">{t("setup.receive.reach")}</p>
    </section>
  );
}
