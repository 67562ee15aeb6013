import type { RequestedAct, StoredRequest } from "~/core/requests/request";

export type CsvImportRequest = StoredRequest & { act: Extract<RequestedAct, { act: "import_tenants" }> };

export const isCsvImportRequest = (request: StoredRequest): request is CsvImportRequest => request.act.act === "import_tenants";

/** Imports that wait for a second person. Each keeps a file of up to 25 MB for up to 14 days. */
export const maxWaitingImports = 10;
