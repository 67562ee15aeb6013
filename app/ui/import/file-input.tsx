import { cx } from "~/ui/kit/cx";
import { useField } from "~/ui/kit/field";
import { inputLook } from "~/ui/kit/inputs";

export function FileInput(props: { accept: string }) {
  return (
    <input
      type="file"
      {...useField({ id: undefined, name: undefined, ...props })}
      className={cx(
        inputLook,
        "h-10 py-1.5 sm:h-9 file:mr-3 file:h-6 file:rounded file:border-0 file:bg-sunken file:px-2.5 file:font-medium file:text-ink file:text-xs",
      )}
    />
  );
}
