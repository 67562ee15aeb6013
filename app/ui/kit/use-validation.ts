import type { Submission } from "@conform-to/react";
import { useEffect, useRef, useState } from "react";
import type { z } from "zod";

type Validate<S extends z.ZodType> = (context: { formData: FormData }) => Submission<z.input<S>, string[], z.output<S>>;

/**
 * Validation for conform's `onValidate` with a schema that is loaded when something is first entered, because schemas
 * are a quarter of a page's script. Undefined until then: the server's action validates the same.
 */
export function useValidation<S extends z.ZodType>(load: () => Promise<S>): Validate<S> | undefined {
  const [validate, setValidate] = useState<Validate<S>>();
  const latest = useRef(load);
  useEffect(() => {
    const start = async () => {
      // Without it, as after an update of the server, the action validates.
      const loaded = await Promise.all([import("./parse-form"), latest.current()]).catch(() => null);
      if (!loaded) return;
      const [{ parseWithZod }, schema] = loaded;
      setValidate(
        () =>
          ({ formData }: { formData: FormData }) =>
            parseWithZod(formData, { schema }),
      );
    };
    document.addEventListener("input", start, { once: true, capture: true });
    return () => document.removeEventListener("input", start, { capture: true });
  }, []);
  return validate;
}
