/** Rows of one group. `rows` null: the group is closed. */
export type GroupSection<Row> = { group: string | null; total: number; rows: Row[] | null };

/** `total`: rows or, if all groups are closed, groups on all pages. */
export type GroupSections<Row> = { sections: GroupSection<Row>[]; isClosed: boolean; total: number; page: number; pageSize: number };

/** Up to this many rows are shown without opening their groups. */
const maxOpen = 15;
const pageSize = 50;

/**
 * One page of rows that are sorted by group. Many rows are shown as groups with counts, and the rows of one group that
 * is asked for: "" is the group of rows without one, null none. Past the end it is the last page.
 */
export function groupSections<Row extends { group: string | null }>(
  rows: readonly Row[],
  group: string | null,
  asked: number,
): GroupSections<Row> {
  const totals = new Map<string | null, number>();
  for (const row of rows) totals.set(row.group, (totals.get(row.group) ?? 0) + 1);
  const isClosed = group === null && rows.length > maxOpen;
  const open = group === null ? rows : rows.filter((row) => (row.group ?? "") === group);
  const total = isClosed ? totals.size : open.length;
  const page = Math.max(1, Math.min(asked, Math.ceil(total / pageSize)));
  const from = (page - 1) * pageSize;
  if (isClosed) {
    const closed = [...totals].slice(from, from + pageSize).map(([group, total]) => ({ group, total, rows: null }));
    return { sections: closed, isClosed, total, page, pageSize };
  }
  const sections: GroupSection<Row>[] = [];
  for (const row of open.slice(from, from + pageSize)) {
    const last = sections.at(-1);
    if (last?.rows && last.group === row.group) last.rows.push(row);
    else sections.push({ group: row.group, total: totals.get(row.group) ?? 0, rows: [row] });
  }
  return { sections, isClosed, total, page, pageSize };
}
