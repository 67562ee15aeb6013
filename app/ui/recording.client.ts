// In a file of its own, so that nobody who is not recorded loads it, and that its name is ours.
import "posthog-js/dist/posthog-recorder";
