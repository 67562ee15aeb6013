import { z } from "zod";
import { maxFileBytes } from "./catalogue-file";
import { invalidPlace } from "./utf8";

/** What problems are told under when nobody gave a name. */
const pasted = "Pasted text";

const fields = z.object({
  file: z.instanceof(Blob).optional().catch(undefined),
  text: z.string().default("").catch(""),
  /** Of the file whose text is sent along. */
  name: z.string().max(200).optional().catch(undefined),
  /** Of the catalogue that the preview was worked out on: sent when the file is to be applied. */
  revision: z.coerce.number().int().optional().catch(undefined),
});

export type SentFile = { ok: true; name: string; text: string; revision: number | undefined } | { ok: false; message: string };

/** The catalogue file that a form sent: chosen, pasted, or the text that travelled along with the preview. */
export async function readSentFile(form: FormData): Promise<SentFile> {
  const { file, text, name, revision } = fields.parse(Object.fromEntries(form));
  if (!file || file.size === 0) {
    if (text.trim() === "") return { ok: false, message: "Choose a file, or paste its text." };
    return { ok: true, name: name || pasted, text, revision };
  }
  const fileName = ("name" in file && String(file.name)) || pasted;
  if (file.size > maxFileBytes)
    return {
      ok: false,
      message: `${fileName} is larger than 5 MB. Move tenants into files of their own, each with latchkey and tenants only, and import those after it.`,
    };
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    return { ok: true, name: fileName, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), revision };
  } catch {
    return { ok: false, message: `${fileName} is not UTF-8 text at ${invalidPlace(bytes)}. Save it as UTF-8, as YAML or JSON.` };
  }
}
