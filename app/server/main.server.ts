import { letHelpersStandBack } from "./priority.server";
import { keepTickShape } from "./tick-shape.server";

// Before anything else is loaded.
letHelpersStandBack();
keepTickShape();
await import("./serve.server");
