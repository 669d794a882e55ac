/** What a schema says of a payload, in the words of a verifier. */
/** What `safeParse` of a schema returns, as far as it matters here. */
type SafeParse<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }

export type PayloadReading<T> = { ok: true; value: T } | { ok: false; reason: string }

/** @returns the data, or where the first fault is and what it is. */
export function reading<T>(parsed: SafeParse<T>): PayloadReading<T> {
  if (parsed.success) return { ok: true, value: parsed.data }
  const issue = parsed.error.issues[0]
  const where = issue?.path.map(String).join('.') ?? ''
  return { ok: false, reason: `schema: ${where === '' ? 'payload' : where}: ${issue?.message ?? 'does not fit'}` }
}
