import { z } from "zod";

export const welcomeChoices = ["demo", "gitlab", "example"] as const;

export const welcomeForm = z.object({ choice: z.enum(welcomeChoices, "Choose how to begin.") });
export type WelcomeChoice = z.infer<typeof welcomeForm>["choice"];
