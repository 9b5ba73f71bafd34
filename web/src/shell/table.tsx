import type { ReactNode } from "react";

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
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={column.isFigure === true ? "figure" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
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
