import { letOldGenerationGrow } from "./old-generation.server";
import { letHelpersStandBack } from "./priority.server";
import { keepTickShape } from "./tick-shape.server";

// Before anything else is loaded.
letHelpersStandBack();
letOldGenerationGrow();
keepTickShape();
await import("./serve.server");
