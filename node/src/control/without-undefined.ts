/** An object type whose optional members are absent rather than undefined. */
export type WithoutUndefined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Leaves out the members that are undefined: parsed optional members are either there or not. */
export function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as WithoutUndefined<T>
}
