import { type ExportableList, paths } from "~/paths";
import { buttonLook } from "~/ui/kit/button";

/** Downloads of a list, with the filters that it has. */
export function ExportLinks({ list, query }: { list: ExportableList; query: { [name: string]: string | null } }) {
  const link = (format: "csv" | "json", label: string) => (
    <a href={paths.listFile(list, { ...query, format })} download className={buttonLook({ size: "sm" })}>
      {label}
    </a>
  );
  return (
    <span className="flex gap-2">
      {link("csv", "Export CSV")}
      {link("json", "Export JSON")}
    </span>
  );
}
