import { Form } from "@remix-run/react";
import { ArrowRight } from "lucide-react";
import type { ReviewedCell } from "~/core/drafts/plan-draft";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { Button } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { Pagination } from "~/ui/kit/pagination";

type Props = {
  id: string;
  cells: ReviewedCell[];
  changes: number;
  page: number;
  pageSize: number;
  /** For its owner, while it is open. */
  isEditable: boolean;
  isOpen: boolean;
  busy: boolean;
};

const given = (text: string | null) => text ?? "no entry";

/** The changes of a draft, those that cannot be published in front. */
export function DraftCells({ id, cells, changes, page, pageSize, isEditable, isOpen, busy }: Props) {
  const columns: Column<ReviewedCell>[] = [
    {
      id: "feature",
      header: "Feature",
      primary: true,
      cell: ({ plan, feature, featureName }) => <NameCell to={paths.planCell(plan, feature)} name={featureName} detail={feature} />,
      className: "md:w-[30%] md:max-w-0",
    },
    { id: "plan", header: "Plan", cell: ({ planName }) => <span className="wrap-anywhere">{planName}</span> },
    { id: "change", header: "Change", card: "line", cell: (cell) => <Change cell={cell} isOpen={isOpen} /> },
  ];
  if (isEditable)
    columns.push({
      id: "acts",
      header: "",
      card: "corner",
      className: "md:text-right",
      cell: (cell) => <Acts id={id} cell={cell} busy={busy} />,
    });
  return (
    <section aria-label="Changes">
      <Card flush>
        <DataTable
          rows={cells}
          columns={columns}
          rowKey={({ plan, feature }) => `${plan} ${feature}`}
          caption="Changes"
          empty={<p className="px-4 py-8 text-center text-ink-muted text-sm">No changes. Edit cells in the grid of plans.</p>}
        />
        {changes > pageSize && <Pagination page={page} pageSize={pageSize} total={changes} noun="changes" label="Pages of changes" />}
      </Card>
    </section>
  );
}

function Change({ cell, isOpen }: { cell: ReviewedCell; isOpen: boolean }) {
  const { was, is, now, problem, isSettled } = cell;
  return (
    <div className="text-sm wrap-anywhere">
      <span className="text-ink-muted">{given(was)}</span> <ArrowRight className="inline size-3.5 text-ink-faint" aria-label="becomes" />{" "}
      <span className="font-medium">{given(is)}</span>
      {isOpen && isSettled && (
        <Badge tone="neutral" className="ml-2">
          Is so already
        </Badge>
      )}
      {isOpen && problem !== null && (
        <p className="mt-0.5 text-no text-xs">
          {problem}
          {now !== undefined && ` It now is ${given(now)}.`}
        </p>
      )}
    </div>
  );
}

function Acts({ id, cell, busy }: { id: string; cell: ReviewedCell; busy: boolean }) {
  const { plan, feature, now, featureName, planName } = cell;
  const isConflict = now !== undefined;
  return (
    <Form method="post" action={paths.draft(id)} preventScrollReset className="inline-flex gap-1">
      <input type="hidden" name="plan" value={plan} />
      <input type="hidden" name="feature" value={feature} />
      {isConflict && (
        <Button size="sm" name="intent" value="mine" busy={busy} aria-label={`Keep the draft's value of ${featureName} in ${planName}`}>
          Keep mine
        </Button>
      )}
      <Button
        size="sm"
        variant="ghost"
        name="intent"
        value="theirs"
        busy={busy}
        aria-label={isConflict ? `Keep theirs of ${featureName} in ${planName}` : `Remove ${featureName} in ${planName} from the draft`}
      >
        {isConflict ? "Keep theirs" : "Remove"}
      </Button>
    </Form>
  );
}
