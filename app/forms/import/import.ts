import { z } from "zod";
import { invalidPlace } from "~/forms/utf8";
import { maxFileBytes } from "./catalogue-file-text";

/** Name in messages for text without a file name. */
const pasted = "Pasted text";

const fields = z.object({
  file: z.instanceof(Blob).optional().catch(undefined),
  text: z.string().default("").catch(""),
  /** Name of the file whose text is sent. */
  name: z.string().max(200).optional().catch(undefined),
  /** The catalogue revision of the preview, sent when the file is applied. */
  revision: z.coerce.number().int().optional().catch(undefined),
});

export type SentFile = { ok: true; name: string; text: string; revision: number | undefined } | { ok: false; message: string };

/** Returns the submitted catalogue file: uploaded, pasted, or passed on from the preview. */
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
