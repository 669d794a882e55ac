import type { Code } from '@hansa/protocols'

/** Why a request is not granted: `code` is for the sender, `reason` for the log. */
export type Refusal = { ok: false; code: Code; reason: string }

export function refuse(code: Code, reason: string): Refusal {
  return { ok: false, code, reason }
}
