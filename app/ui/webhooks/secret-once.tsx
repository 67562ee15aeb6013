import type { ReactNode } from "react";
import { FormActions } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { Notice } from "~/ui/kit/notice";

type Props = { title: string; secret: string; children?: ReactNode; actions: ReactNode };

/** A signing secret, which is not shown again. */
export function SecretOnce({ title, secret, children, actions }: Props) {
  return (
    <div className="grid max-w-2xl gap-4">
      <Notice kind="success" role="status" title={title}>
        The secret is shown only here: copy it now. Your receiver verifies signatures with it. {children}
      </Notice>
      <CodeBlock text={secret} label="Signing secret" wrap />
      <FormActions>{actions}</FormActions>
    </div>
  );
}
