// What commands answer, see ReadOnlyCommands: {tables, documents, lines} or {error}.

/** The first table's rows as objects by the columns' names. */
export function rowsOf(answer) {
  const table = answer.tables?.[0];
  return table ? table.rows.map(row => Object.fromEntries(table.columns.map((column, i) => [column, row[i]]))) : [];
}

export const columnsOf = answer => answer.tables?.[0]?.columns ?? [];

export const omittedOf = answer => answer.tables?.[0]?.omitted ?? 0;

export const documentOf = answer => answer.documents?.[0] ?? {};
