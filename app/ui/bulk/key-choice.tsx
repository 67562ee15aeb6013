import { Select, TextInput } from "~/ui/kit/inputs";

type Props = {
  /** Null: too many to list, so the key is typed. */
  choices: { key: string; name: string }[] | null;
  value: string | undefined;
  empty: string;
  more?: readonly (readonly [value: string, label: string])[];
};

/** One plan or add-on. Inside <Field>. */
export function KeyChoice({ choices, value, empty, more = [] }: Props) {
  if (choices === null) return <TextInput defaultValue={value} placeholder="Its key" autoComplete="off" className="max-w-72 font-mono" />;
  const options = choices.map(({ key, name }) => [key, name === key ? key : `${name} (${key})`] as const);
  return <Select defaultValue={value} options={[["", empty], ...options, ...more]} className="max-w-96" />;
}
