import type { AnchorHTMLAttributes } from "react";
import { follow } from "./place.ts";

/** A link within the product; with a modifier key the browser opens it as it does. */
export function Link({ to, ...rest }: { readonly to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href" | "onClick">) {
  return <a {...rest} href={to} onClick={(event) => follow(event, to)} />;
}
