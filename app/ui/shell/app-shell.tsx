import { Form, Link, NavLink, useLocation } from "@remix-run/react";
import { LogOut, Menu, X } from "lucide-react";
import type { ReactNode } from "react";
import type { Role } from "~/core/permissions";
import { paths } from "~/paths";
import { Avatar } from "~/ui/kit/avatar";
import { buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { NoticeBell } from "~/ui/notices/bell";
import { Brand } from "./brand";
import { type NavGroup, navGroups } from "./nav";
import { NavigationProgress } from "./navigation-progress";
import { PaletteHost, SearchLink, ShellSearch } from "./palette-host";
import type { Theme } from "./theme";
import { ThemeToggle } from "./theme-toggle";
import { TrialDrawerHost } from "./trial-drawer-host";

export type ShellAdmin = { name: string; email: string; role: Role };
type ShellProps = { admin: ShellAdmin; theme: Theme; hasPosthog: boolean; canChange: boolean; unread: number | null; children: ReactNode };

/** Frame of signed-in pages: a sidebar, or a top bar with a menu on a phone. */
export function AppShell({ admin, theme, hasPosthog, canChange, unread, children }: ShellProps) {
  const groups = navGroups(hasPosthog, admin.role);
  const { pathname } = useLocation();
  return (
    <PaletteHost pages={groups.flatMap(({ items }) => items)} canChange={canChange}>
      <div className="lg:grid lg:min-h-dvh print:block lg:grid-cols-[14.5rem_minmax(0,1fr)]">
        <NavigationProgress />
        <a
          href="#main"
          className={cx(
            buttonLook({ variant: "primary" }),
            "sr-only focus-visible:not-sr-only focus-visible:fixed focus-visible:top-2 focus-visible:left-2 focus-visible:z-50 focus-visible:flex focus-visible:h-9 focus-visible:px-4",
          )}
        >
          Skip to content
        </a>

        <aside className="border-line border-r max-lg:hidden print:hidden">
          <div className="sticky top-0 flex h-dvh flex-col overflow-y-auto px-3 py-4">
            <div className="mx-2 mb-3 flex items-center justify-between gap-2">
              <Link to={paths.home()} className="w-fit rounded-control">
                <Brand />
              </Link>
              <NoticeBell unread={unread} className="relative -my-2 -mr-2" />
            </div>
            <ShellSearch className="mb-3" />
            <NavList label="Main" groups={groups} />
            <UserBlock admin={admin} theme={theme} className="mt-auto" />
          </div>
        </aside>

        {/* Remounted per page, which closes the menu. */}
        <header className="sticky top-0 z-35 lg:hidden print:hidden">
          <details key={pathname} className="group border-line border-b bg-canvas">
            <summary className="flex h-14 items-center justify-between px-4">
              <Brand />
              <span className="sr-only">menu</span>
              <span className={cx(buttonLook({ variant: "ghost", size: "icon" }), "-mr-2")}>
                <Menu className="group-open:hidden" aria-hidden="true" />
                <X className="hidden group-open:block" aria-hidden="true" />
              </span>
            </summary>
            <div className="absolute inset-x-0 top-full flex max-h-[calc(100dvh-3.5rem)] flex-col gap-4 overflow-y-auto border-line border-y bg-surface p-3 shadow-float">
              <NavList label="Menu" groups={groups} />
              <UserBlock admin={admin} theme={theme} />
            </div>
          </details>
          <SearchLink className={cx(buttonLook({ variant: "ghost", size: "icon" }), "absolute top-2 right-14 lg:top-2")} />
          <NoticeBell unread={unread} className="absolute top-2 right-25" />
        </header>

        <main id="main" tabIndex={-1} className="mx-auto w-full min-w-0 max-w-7xl px-4 py-5 outline-none sm:px-6 lg:px-8 lg:py-7">
          {children}
        </main>
      </div>
      <TrialDrawerHost />
    </PaletteHost>
  );
}

function NavList({ label, groups }: { label: string; groups: NavGroup[] }) {
  return (
    <nav aria-label={label} className="flex flex-col gap-3">
      {groups.map(({ heading, items }) => (
        <div key={items[0]?.to}>
          {heading && <h2 className="px-2 pb-1 font-medium text-ink-faint text-xs">{heading}</h2>}
          <ul className="flex flex-col gap-0.5">
            {items.map(({ label, to, icon: Icon }) => (
              <li key={to}>
                <NavLink
                  to={to}
                  prefetch="intent"
                  className={({ isActive }) =>
                    cx("nav-item", isActive ? "bg-accent-soft text-accent" : "text-ink-muted hover:bg-sunken hover:text-ink")
                  }
                >
                  <Icon className="size-4 shrink-0" aria-hidden="true" />
                  {label}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function UserBlock({ admin, theme, className }: { admin: ShellAdmin; theme: Theme; className?: string }) {
  return (
    <div className={cx("flex flex-col gap-3 border-line border-t px-2 pt-3", className)}>
      <Link to={paths.account()} className="-mx-2 flex min-w-0 items-center gap-2.5 rounded-control px-2 py-1.5 hover:bg-sunken">
        <Avatar name={admin.name} />
        <span className="min-w-0 flex-1 leading-tight">
          <span title={`${admin.name}, ${admin.email}`} className="block truncate font-medium text-ink text-sm">
            {admin.name}
          </span>
          <span className="block truncate text-ink-muted text-xs capitalize">{admin.role}</span>
        </span>
      </Link>
      <div className="flex items-center justify-between">
        <ThemeToggle theme={theme} />
        <Form method="post" action={paths.signOut()}>
          <button type="submit" className={cx(buttonLook({ variant: "ghost", size: "sm" }), "-mr-2")}>
            <LogOut aria-hidden="true" />
            Sign out
          </button>
        </Form>
      </div>
    </div>
  );
}
