/** The users of a run in a second; null: unknown. */
export type SecondUsers = { readonly users: number | null; readonly target: number | null };

const most = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

/** What two samples say of the same second: the most of both, whichever comes first. */
export const mostUsers = (one: SecondUsers | undefined, other: SecondUsers): SecondUsers =>
  one === undefined
    ? other
    : { users: most(one.users, other.users), target: most(one.target, other.target) };

/** Whether the real users are as many as targeted. */
export const isSteadyUsers = ({ users, target }: SecondUsers): boolean =>
  users !== null && users === target && users > 0;
