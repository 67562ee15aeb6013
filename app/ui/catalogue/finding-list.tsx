type Finding = { code: string; says: string; todo: string };

/** Findings, each with what to do. */
export function FindingList({ findings }: { findings: readonly Finding[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {findings.map(({ code, says, todo }) => (
        <li key={code}>
          {says} {todo}
        </li>
      ))}
    </ul>
  );
}
