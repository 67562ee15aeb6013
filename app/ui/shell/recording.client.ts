// A separate file, so that only recorded admins load it, under our own name.
import "posthog-js/dist/posthog-recorder";
