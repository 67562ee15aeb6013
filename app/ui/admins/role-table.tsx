import { Check, Minus } from "lucide-react";
import { acts, describeAct, mayAct, roles } from "~/core/permissions";

const rows = acts.filter((act) => roles.some((role) => mayAct(role, act)));
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The table of permissions: what each role may do. */
export function RoleTable() {
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">What each role may do</caption>
      <thead>
        <tr className="border-line border-b bg-sunken text-ink-muted text-xs">
          <th scope="col" className="px-4 py-2 text-left font-medium">
            May
          </th>
          {roles.map((role) => (
            <th key={role} scope="col" className="px-1 py-2 text-center font-medium capitalize last:pr-3 sm:w-24">
              {role}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {rows.map((act) => (
          <tr key={act}>
            <th scope="row" className="py-2 pr-2 pl-4 text-left font-normal text-ink">
              {sentence(describeAct(act))}
            </th>
            {roles.map((role) => (
              <td key={role} className="px-1 py-2 text-center last:pr-3">
                <Mark yes={mayAct(role, act)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Mark({ yes }: { yes: boolean }) {
  const Icon = yes ? Check : Minus;
  return (
    <>
      <Icon className={yes ? "mx-auto size-4 text-yes" : "mx-auto size-4 text-ink-faint"} aria-hidden="true" />
      <span className="sr-only">{yes ? "yes" : "no"}</span>
    </>
  );
}
