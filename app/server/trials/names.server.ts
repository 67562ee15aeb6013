import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Services } from "~/server/services.server";

/** The catalogue for names. A change by another process is read first, if it can be read. */
export async function catalogueOfNames({ facts }: Pick<Services, "facts">): Promise<Catalogue> {
  await facts.look();
  return facts.catalogue();
}
