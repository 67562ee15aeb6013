import { Form } from "@remix-run/react";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";

/** The admin's own choice; off by default. */
export function SessionReplay({ isOn }: { isOn: boolean }) {
  return (
    <Section title="Session replay" description="Helps the operator of this installation find pages that are hard to use.">
      <p className="mb-4 text-ink-muted text-sm">
        {isOn ? "Your visits are recorded" : "While it is on, your visits are recorded"} and kept in PostHog: pages, clicks and scrolling.
        What you type into fields, keys and one-time links are left out. The choice is yours alone, and you can change it at any time.
      </p>
      <Form method="post">
        <Button name="intent" value={isOn ? "stop-replay" : "allow-replay"}>
          {isOn ? "Stop recording my visits" : "Record my visits"}
        </Button>
      </Form>
    </Section>
  );
}
