import { keepTickShape } from "./tick-shape.server";

// Before anything else is loaded.
keepTickShape();
await import("./serve.server");
