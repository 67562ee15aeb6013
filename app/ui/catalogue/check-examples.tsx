import type { FeatureType } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { clientCode } from "~/ui/kit/client-code";
import { Code, CodeBlock } from "~/ui/kit/code";
import { curlLine, ofrepLine } from "~/ui/kit/curl";
import { Details } from "~/ui/kit/details";

type Props = {
  origin: string;
  feature: { key: string; type: FeatureType };
  /** Null where there is no tenant, or no key with the scope check. */
  example: { tenant: string | null; keyName: string | null };
};

/** Code that checks a feature, with a tenant and a key that exist. */
export function CheckExamples({ origin, feature, example: { tenant: known, keyName } }: Props) {
  const tenant = known ?? "acme";
  return (
    <Section
      title="Check it from your app"
      description={
        keyName === null ? (
          <>
            <TextLink to={paths.keyNew()}>Create an API key</TextLink> with the scope check and put it into <Code>LATCHKEY_KEY</Code>.
          </>
        ) : (
          <>
            <Code>LATCHKEY_KEY</Code> holds the key “{keyName}”.
          </>
        )
      }
    >
      <div className="grid gap-3">
        <CodeBlock text={curlLine(origin, tenant, [feature.key])} label="curl" wrap />
        <Details summary="TypeScript">
          <CodeBlock text={clientCode(origin, tenant, feature)} label="TypeScript" />
        </Details>
        <Details summary="OpenFeature (OFREP)">
          <CodeBlock text={ofrepLine(origin, tenant, feature.key)} label="OFREP" wrap />
        </Details>
      </div>
    </Section>
  );
}
