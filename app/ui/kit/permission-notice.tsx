import { type Act, roleNeeded } from "~/core/permissions";
import { Notice } from "./notice";

/** Shown above forms to people whose role does not allow them. */
export function PermissionNotice({ canChange, act }: { canChange: boolean; act: Act }) {
  if (canChange) return null;
  return (
    <Notice kind="info" className="mb-4">
      You can look at this, but not change it. {roleNeeded(act)}
    </Notice>
  );
}
