import { useEffect, useState } from "react";

/** The width that a drawing has on the page, in pixels: letters keep their size on every screen. */
export function useWidth(of: { readonly current: SVGSVGElement | null }, isDrawn: boolean, usualWidth: number, leastWidth: number): number {
  const [width, setWidth] = useState(usualWidth);
  useEffect(() => {
    const element = of.current;
    if (element === null || !isDrawn) return undefined;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(leastWidth, Math.round(entry?.contentRect.width ?? usualWidth))));
    watch.observe(element);
    return () => watch.disconnect();
  }, [of, isDrawn, usualWidth, leastWidth]);
  return width;
}
