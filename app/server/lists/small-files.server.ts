import type { ListCell, ListFile } from "~/core/list-file";
import { isoOrNull, isoTime } from "~/core/time";
import type { Services } from "~/server/services.server";
import { listAdmins } from "~db/store/admins.server";
import { listApiKeys } from "~db/store/api-keys.server";

const batchSize = 200;

function fileOf<Row>(heads: string[], rows: Row[], cells: (row: Row) => ListCell[]): ListFile {
  async function* batches() {
    for (let at = 0; at < rows.length; at += batchSize) {
      if (at > 0) await new Promise(setImmediate);
      yield rows.slice(at, at + batchSize).map(cells);
    }
  }
  return { heads, batches: batches() };
}

export async function plansFile({ facts }: Services): Promise<ListFile> {
  await facts.look();
  const plans = [...facts.catalogue().plans.values()].sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const heads = ["key", "name", "kind", "rank", "includes", "features", "description", "archived"];
  return fileOf(heads, plans, ({ key, name, kind, rank, includes, entries, description, archivedAt }) => [
    ...[key, name, kind, rank, includes, entries.length, description, isoOrNull(archivedAt)],
  ]);
}

export async function featuresFile({ facts }: Services): Promise<ListFile> {
  await facts.look();
  const features = [...facts.catalogue().features.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const heads = ["key", "name", "type", "group", "flag", "description", "archived"];
  return fileOf(heads, features, ({ key, name, type, group, flag, description, archivedAt }) => [
    ...[key, name, type, group, flag?.key ?? null, description, isoOrNull(archivedAt)],
  ]);
}

/** Without secrets and their hashes. */
export async function keysFile({ db }: Services): Promise<ListFile> {
  const keys = await listApiKeys(db.readAside, db.tables);
  const heads = ["id", "name", "kind", "scopes", "tenant", "created", "created_by", "expires", "revoked", "last_used"];
  return fileOf(heads, keys, ({ id, name, kind, scopes, tenant, createdAt, createdBy, expiresAt, revokedAt, lastUsedAt }) => [
    ...[id, name, kind, scopes, tenant, isoTime(createdAt), createdBy],
    ...[isoOrNull(expiresAt), isoOrNull(revokedAt), isoOrNull(lastUsedAt)],
  ]);
}

export async function peopleFile({ db }: Services): Promise<ListFile> {
  const people = await listAdmins(db.readAside, db.tables);
  const heads = ["id", "name", "email", "role", "created", "created_by", "disabled", "last_sign_in"];
  return fileOf(heads, people, ({ id, name, email, role, createdAt, createdBy, disabledAt, lastSignInAt }) => [
    ...[id, name, email, role, isoTime(createdAt), createdBy, isoOrNull(disabledAt), isoOrNull(lastSignInAt)],
  ]);
}
