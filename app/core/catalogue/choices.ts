type Named = { key: string; name: string };

/** Max options of a list in a page. */
const maxListed = 60;

/** Keys and names for a list of options, or null if there are too many. */
export function shortChoices(all: Iterable<Named>): Named[] | null {
  const list = Array.from(all, ({ key, name }) => ({ key, name }));
  return list.length > maxListed ? null : list;
}

/**
 * Features or plans as one text, for the data of a page: a thousand objects would take four times as much. Keys have no
 * spaces, and a name is only shown, so a line break in it may become a space.
 */
export const packChoices = (choices: readonly Named[]): string =>
  choices.map(({ key, name }) => `${key} ${name.replaceAll("\n", " ")}`).join("\n");

export const unpackChoices = (text: string): Named[] =>
  text === ""
    ? []
    : text.split("\n").map((line) => {
        const at = line.indexOf(" ");
        return { key: line.slice(0, at), name: line.slice(at + 1) };
      });

export type GroupOfChoices = { group: string | null; features: string };

/** Features packed by group, in the order in which the groups first appear. */
export function packByGroup(features: readonly (Named & { group: string | null })[]): GroupOfChoices[] {
  const groups = [...new Set(features.map(({ group }) => group))];
  return groups.map((group) => ({ group, features: packChoices(features.filter((feature) => feature.group === group)) }));
}
