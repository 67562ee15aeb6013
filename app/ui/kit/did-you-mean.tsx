import { TextLink } from "./button";

type Props = { near: readonly { key: string; name: string }[]; to: (key: string) => string };

/** "Did you mean Free, Freelance?", with links. */
export function DidYouMean({ near, to }: Props) {
  return (
    <>
      Did you mean{" "}
      {near.map(({ key, name }, i) => (
        <span key={key}>
          {i > 0 && ", "}
          <TextLink to={to(key)} preventScrollReset>
            {name}
          </TextLink>
        </span>
      ))}
      ?
    </>
  );
}
