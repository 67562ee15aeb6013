import { reviewCells } from "~/core/drafts/plan-draft";
import type { Services } from "~/server/services.server";
import { scheduledDrafts } from "~db/store/drafts.server";

/** Drafts of plans that are scheduled, the earliest first, with what keeps them from being published. */
export async function comingPublications({ db, facts }: Pick<Services, "db" | "facts">) {
  await facts.look();
  const catalogue = facts.catalogue();
  return (await scheduledDrafts(db.readAside, db.tables)).map(({ id, name, publishAt, publisher, cells, problem }) => {
    const problems = problem === null ? reviewCells(cells, catalogue).filter((cell) => cell.problem !== null).length : 0;
    const willFail = problems === 0 ? null : `${problems === 1 ? "One change" : `${problems} changes`} cannot be published as of now.`;
    const shown = { id, name, at: publishAt ?? 0, by: publisher?.name ?? "", changes: cells.length };
    return { ...shown, isRefused: problem !== null, problem: problem ?? willFail };
  });
}
