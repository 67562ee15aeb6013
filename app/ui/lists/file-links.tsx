import { Download } from "lucide-react";
import type { ListFormat } from "~/core/list-file";
import { buttonLook } from "~/ui/kit/button";

type Props = {
  to: (format: ListFormat) => string;
  /** For screen readers, after the name of the format. */
  about?: string;
  look?: Parameters<typeof buttonLook>[0];
  labels?: { [format in ListFormat]: string };
};

/** A list as CSV and as JSON. Not pages of Remix, so the browser requests them. */
export function FileLinks({ to, about, look = { variant: "ghost" }, labels = { csv: "CSV", json: "JSON" } }: Props) {
  const link = (format: ListFormat) => (
    <a href={to(format)} download className={buttonLook(look)}>
      <Download aria-hidden="true" />
      {labels[format]}
      {about && <span className="sr-only"> {about}</span>}
    </a>
  );
  return (
    <span className="flex gap-2">
      {link("csv")}
      {link("json")}
    </span>
  );
}
