import { Notice } from "./notice";

/** Shown above forms to admins who may not submit them. */
export function ViewerNotice({ canChange }: { canChange: boolean }) {
  if (canChange) return null;
  return (
    <Notice kind="info" className="mb-4">
      Your role is viewer: you can look at this, but not change it. Ask an owner for the role admin.
    </Notice>
  );
}
