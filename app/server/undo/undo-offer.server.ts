import type { Actor } from "~/core/model";
import { actorOf, type SignedIn } from "~/server/admins/sessions.server";
import type { Services } from "~/server/services.server";
import { rowsOfChangeSet } from "~db/store/change-sets.server";
import { whyNeverUndone } from "./past-entries.server";

/** An admin who begins an act, with the act's id. */
export const newAct = ({ newId }: Pick<Services, "newId">, admin: SignedIn): Actor & { changeSet: string } => ({
  ...actorOf(admin),
  changeSet: newId("cs"),
});

/** The entry that a toast offers to undo; undefined if the act wrote none, or none that can be undone. */
export async function undoOffer({ db }: Pick<Services, "db">, { changeSet }: { changeSet: string }): Promise<number | undefined> {
  const [first] = await rowsOfChangeSet(db.readAside, db.tables, changeSet, 1);
  return first && whyNeverUndone(first) === null ? first.seq : undefined;
}
