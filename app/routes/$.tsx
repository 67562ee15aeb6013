import { RouteErrorPage } from "~/ui/error-page";

export function loader() {
  throw new Response(null, { status: 404 });
}

export default () => null;

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
