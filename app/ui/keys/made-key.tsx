import type { ReactNode } from "react";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { FormActions } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { curlLine } from "~/ui/kit/curl";
import { Notice } from "~/ui/kit/notice";

/** `example`: for a key that may check. */
type Props = { made: string; title: string; children?: ReactNode; example?: { origin: string; tenant: string } };

/** A new key, which is shown only here. */
export function MadeKey({ made, title, children, example }: Props) {
  return (
    <div className="grid gap-4">
      <Notice kind="success" role="status" title={title}>
        It is shown only here, and only its fingerprint is kept: copy it now.{children}
      </Notice>
      <CodeBlock text={made} label="API key" wrap />
      {example && (
        <CodeBlock text={`export LATCHKEY_KEY=${made}\n${curlLine(example.origin, example.tenant)}`} label="Try it in a shell" wrap />
      )}
      <FormActions>
        <LinkButton to={paths.keys()}>Back to the API keys</LinkButton>
      </FormActions>
    </div>
  );
}
