import { paths } from "~/paths";
import { LinkButton } from "./button";
import { FormActions } from "./card";
import { CodeBlock } from "./code";
import { Notice } from "./notice";

/** A link that is shown once. */
export function OneTimeLink({ link, sentence }: { link: string; sentence: string }) {
  return (
    <>
      <Notice kind="success" className="mb-4" role="status" title="The link is made">
        {sentence} It is shown only here: copy it now.
      </Notice>
      <CodeBlock text={link} label="One-time link" wrap />
      <FormActions>
        <LinkButton to={paths.admins()}>Back to people</LinkButton>
      </FormActions>
    </>
  );
}
