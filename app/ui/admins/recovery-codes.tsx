import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { FormActions } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { Notice } from "~/ui/kit/notice";

/** Recovery codes, which are shown once. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <div>
      <Notice kind="success" className="mb-4" role="status" title="Keep these recovery codes">
        Each signs you in once without the app. They are shown only here: copy or print them now, and keep them apart from your phone.
        Earlier recovery codes no longer work.
      </Notice>
      <CodeBlock text={codes.join("\n")} label="Recovery codes" />
      <FormActions>
        <LinkButton to={paths.account()}>I have kept them</LinkButton>
      </FormActions>
    </div>
  );
}
