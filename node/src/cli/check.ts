/** What one look at one thing says. */
export type Check = {
  check: string
  state: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do about it. */
  remedy?: string
}

export function ok(check: string, detail: string): Check {
  return { check, state: 'ok', detail }
}

export function warn(check: string, detail: string, remedy?: string): Check {
  return { check, state: 'warn', detail, ...(remedy === undefined ? {} : { remedy }) }
}

export function fail(check: string, detail: string, remedy: string | undefined): Check {
  return { check, state: 'fail', detail, ...(remedy === undefined ? {} : { remedy }) }
}
