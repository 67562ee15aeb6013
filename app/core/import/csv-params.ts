import type { CsvMapping } from "./csv-columns";

/** Parameters of a job that imports a CSV file. Its rows are stored apart. */
export type CsvParams = { upload: string; name: string; heads: string[]; mapping: CsvMapping };

export const describeCsvImport = ({ name }: Pick<CsvParams, "name">): string => `Import tenants from ${name}`;
