import { Form } from "@remix-run/react";
import { shorten } from "~/core/text";
import { maxCompared } from "~/forms/usage/usage-ranges";
import { paths } from "~/paths";
import { Button, LinkButton, TextLink } from "~/ui/kit/button";
import { TextInput } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";

type Unknown = { text: string; near: { key: string; name: string }[] };
type Props = {
  /** What each field holds. */
  fields: readonly string[];
  unknown: readonly Unknown[];
  leftOut: readonly string[];
  days: number;
};

const places = Array.from({ length: maxCompared }, (_, i) => i + 1);

/** Four text fields for names or keys; what names no tenant is answered with those that come near. */
export function CompareForm({ fields, unknown, leftOut, days }: Props) {
  return (
    <div>
      <Form method="get" action={paths.compare([])} role="search" aria-label="Tenants to compare">
        <div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-[repeat(4,minmax(0,1fr))_auto]">
          {places.map((place) => (
            <TextInput
              key={place}
              name="tenant"
              aria-label={`Tenant ${place}`}
              type="search"
              defaultValue={fields[place - 1] ?? ""}
              placeholder={place <= 2 ? "Name or key" : "Name or key, optional"}
              aria-invalid={unknown.some(({ text }) => text === fields[place - 1]) || undefined}
              autoComplete="off"
              maxLength={200}
            />
          ))}
          <div className="flex gap-2 max-xl:col-span-full">
            <input type="hidden" name="days" value={days} />
            <Button variant="primary">Compare</Button>
            {fields.length > 0 && (
              <LinkButton to={paths.compare([])} variant="ghost">
                Clear
              </LinkButton>
            )}
          </div>
        </div>
      </Form>
      {unknown.map(({ text, near }) => (
        <Notice key={text} kind="warning" role="status" title={titleOf(text, near)} className="mt-3">
          {near.length > 0 ? (
            <ul className="flex flex-wrap gap-x-4 gap-y-1">
              {near.map(({ key, name }) => (
                <li key={key} className="min-w-0 max-w-full">
                  <TextLink to={paths.compare(replaced(fields, text, key), { days })} title={key}>
                    {shorten(name, 60)}
                  </TextLink>
                </li>
              ))}
            </ul>
          ) : (
            "Check the spelling, or type a part of its name or key."
          )}
        </Notice>
      ))}
      {leftOut.length > 0 && (
        <Notice kind="info" role="status" className="mt-3">
          {`Up to ${maxCompared} tenants are compared. Left out: ${leftOut.map((text) => shorten(text, 60)).join(", ")}.`}
        </Notice>
      )}
    </div>
  );
}

const titleOf = (text: string, near: Unknown["near"]) =>
  near.length > 1 ? `Several tenants match “${shorten(text, 60)}”, or come near` : `No tenant is called “${shorten(text, 60)}”`;

const replaced = (fields: readonly string[], text: string, key: string) => fields.map((field) => (field === text ? key : field));
