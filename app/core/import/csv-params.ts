import { day, hour } from "~/core/time";
import type { CsvMapping } from "./csv-columns";

/** How long an uploaded file waits for its import, in ms. Then it is deleted, unless a job or a waiting request needs it. */
export const csvUploadRetentionMs = day;
/** Max duration of an upload, in ms. Far below the retention, so that no row arrives after the file was deleted. */
export const maxCsvUploadMs = hour;

/** Parameters of a job that imports a CSV file. Its rows are stored apart. `request`: the one that a preview shows. */
export type CsvParams = { upload: string; name: string; heads: string[]; mapping: CsvMapping; request?: string };

export const describeCsvImport = ({ name }: Pick<CsvParams, "name">): string => `Import tenants from ${name}`;
