import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { cx } from "./cx";

const looks = {
  error: { icon: CircleAlert, className: "bg-no-soft text-no" },
  warning: { icon: TriangleAlert, className: "bg-warn-soft text-warn" },
  success: { icon: CircleCheck, className: "bg-yes-soft text-yes" },
  info: { icon: Info, className: "bg-accent-soft text-accent" },
};

type NoticeProps = {
  kind?: keyof typeof looks;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
  role?: "alert" | "status";
};

/** A message above its subject. */
export function Notice({ kind = "info", title, children, action, className, role }: NoticeProps) {
  const { icon: Icon, className: look } = looks[kind];
  const element = useRef<HTMLDivElement>(null);
  // After submitting at the end of a long form, the reason for a refusal must be visible.
  useEffect(() => {
    if (role === "alert") element.current?.scrollIntoView({ block: "nearest" });
  }, [role]);
  return (
    <div
      ref={element}
      role={role}
      className={cx("flex scroll-my-20 items-start gap-2.5 rounded-control px-3 py-2.5 text-sm", look, className)}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
      <div className="min-w-0 flex-1 wrap-anywhere">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div>{children}</div>}
      </div>
      {action && <div className="shrink-0">{action}</div>}
    </div>
  );
}

/** Why a form was refused and what would work; nothing without errors. */
export function FormErrors({ errors, className }: { errors?: readonly string[] | string | null; className?: string }) {
  const list = typeof errors === "string" ? [errors] : (errors ?? []);
  if (list.length === 0) return null;
  return (
    <Notice kind="error" role="alert" className={cx("mb-4", className)}>
      {list.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </Notice>
  );
}
