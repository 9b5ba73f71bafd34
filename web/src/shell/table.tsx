import { type ReactNode, useState } from "react";

export interface Column<Row> {
  readonly id: string;
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand right, in tabular digits. */
  readonly isFigure?: boolean;
  /** What the column sorts by; absent: it does not sort. */
  readonly sortBy?: (row: Row) => string | number;
}

/** A table whose rows may open a panel beside it. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  onOpen,
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
}) {
  const [sort, setSort] = useState<{ readonly id: string; readonly isDown: boolean }>();
  const sortBy = columns.find((column) => column.id === sort?.id)?.sortBy;
  const shown = sortBy === undefined ? rows : rows.toSorted((a, b) => compare(sortBy(a), sortBy(b)) * (sort?.isDown === true ? -1 : 1));
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={column.isFigure === true ? "figure" : undefined}
                aria-sort={sort?.id !== column.id ? undefined : sort.isDown ? "descending" : "ascending"}
              >
                {column.sortBy === undefined ? (
                  column.name
                ) : (
                  <button type="button" className="sort" onClick={() => setSort({ id: column.id, isDown: sort?.id === column.id ? !sort.isDown : column.isFigure === true })}>
                    {column.name}
                    <span aria-hidden="true">{sort?.id !== column.id ? "" : sort.isDown ? " ↓" : " ↑"}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, i) => {
                const content = column.cell(row);
                const className = column.isFigure === true ? "figure" : undefined;
                if (i > 0)
                  return (
                    <td key={column.id} className={className}>
                      {content}
                    </td>
                  );
                return (
                  <th key={column.id} scope="row" className={className}>
                    {onOpen === undefined ? (
                      content
                    ) : (
                      <button type="button" className="plain" onClick={() => onOpen(row)}>
                        {content}
                      </button>
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const compare = (a: string | number, b: string | number): number => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
