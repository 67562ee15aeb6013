import { RouteErrorPage } from "~/ui/kit/error-page";

export function loader() {
  throw new Response(null, { status: 404 });
}

export default () => null;

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
