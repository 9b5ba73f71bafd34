/** A picture of 16 × 16 for each page, drawn in one stroke. A page without one has a dot. */
const paths: Readonly<Record<string, string>> = {
  live: "M1.5 8h3l2-5 3 10 2-5h3",
  explore: "M2 2v12h12M5 11V8M8.5 11V4.5M12 11V6.5",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.8 10.8 14 14",
  terms: "M2 7.5V2h5.5l6.5 6.5L8.5 14 2 7.5ZM5 5h.01",
  names: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c.6-3 2.8-4.5 5.5-4.5s4.9 1.5 5.5 4.5",
  topics: "M4 6.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM11.5 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM9 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  sources: "M5 2v4M11 2v4M3 6h10v2a5 5 0 0 1-10 0V6ZM8 13v2",
  quarantine: "M8 1.5 14 4v4c0 3.5-2.5 5.5-6 6.5C4.5 13.5 2 11.5 2 8V4l6-2.5ZM8 5v3.5M8 11h.01",
  "vendor-exports": "M3 1.5h6L13 5.5v9H3zM9 1.5v4h4M8 7v5M5.5 9.5 8 7l2.5 2.5",
  deprecations: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3",
  connections: "M3 4.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM13 14.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 3H10a3 3 0 0 1 0 6H6a2 2 0 0 0 0 4h5.5",
  shadow: "M2 2h8.5v8.5H2zM5.5 13.5h8v-8",
  drift: "M2 4.5h4l4 7h4M10 4.5h4M12 2.5l2 2-2 2M12 9.5l2 2-2 2",
  models: "M8 1.5 14 5v6l-6 3.5L2 11V5l6-3.5ZM2 5l6 3.5L14 5M8 8.5v6",
  labels: "M2 3h12M2 8h7M2 13h5M10 12l2 2 3.5-4",
  "bake-off": "M3 14V9M8 14V3M13 14V6M1.5 14h13",
  "model-drift": "M1.5 11c2-6 4-6 6 0M7 11c2-8 5-8 7.5 0M1.5 13.5h13",
  data: "M2.5 4c0-1.4 2.5-2.5 5.5-2.5s5.5 1.1 5.5 2.5S11 6.5 8 6.5 2.5 5.4 2.5 4ZM2.5 4v8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5V4M2.5 8c0 1.4 2.5 2.5 5.5 2.5S13.5 9.4 13.5 8",
  settings: "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  welcome: "M8 2v4M8 10v4M2 8h4M10 8h4",
  brand: "M2 7.5V2h5.5l6.5 6.5L8.5 14 2 7.5ZM5 5h.01",
  menu: "M2 4h12M2 8h12M2 12h12",
};

export function Icon({ name }: { readonly name: string }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name] ?? "M8 8h.01"} />
    </svg>
  );
}
