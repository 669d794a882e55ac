/** The `scope` of a token request: one capability, and bounds of its use. */
import { capabilityRefSchema } from '@hansa/protocols'
import { scopeList } from '@hansa/trust'

export type RequestedScope = { capability: string; uses: number; maxRows?: number; maxBytes?: number }
export type ScopeReading = { ok: true; scope: RequestedScope } | { ok: false; reason: string }

const NUMBER = /^(?:0|[1-9][0-9]{0,12})$/

/** Least and greatest of each. */
const bounds = {
  uses: [1, 1_000_000],
  max_rows: [0, Number.MAX_SAFE_INTEGER],
  max_bytes: [1, Number.MAX_SAFE_INTEGER],
} as const

export function requestedScope(text: string | undefined): ScopeReading {
  const scopes = text === undefined ? undefined : scopeList(text)
  if (scopes === undefined) return refused('scope has to name one capability: invoke:CAPABILITY')
  const found = new Map<string, string>()
  for (const scope of scopes) {
    const [name = '', value = ''] = splitOnce(scope)
    if (found.has(name)) return refused(`${name}: is there twice`)
    found.set(name, value)
  }
  const capability = found.get('invoke')
  if (capability === undefined || !capabilityRefSchema.safeParse(capability).success)
    return refused('scope has to name one capability: invoke:CAPABILITY')
  const numbers: Record<string, number> = {}
  for (const [name, value] of found) {
    if (name === 'invoke') continue
    if (!Object.hasOwn(bounds, name)) return refused(`there is no scope ${name}`)
    const [least, greatest] = bounds[name as keyof typeof bounds]
    const number = NUMBER.test(value) ? Number(value) : -1
    if (number < least || number > greatest) return refused(`${name} is not a number from ${least} to ${greatest}`)
    numbers[name] = number
  }
  const { uses = 1, max_rows: maxRows, max_bytes: maxBytes } = numbers
  return {
    ok: true,
    scope: {
      capability,
      uses,
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    },
  }
}

export function scopeText({ capability, uses, maxRows, maxBytes }: RequestedScope): string {
  const parts = [
    `invoke:${capability}`,
    `uses:${uses}`,
    ...(maxRows === undefined ? [] : [`max_rows:${maxRows}`]),
    ...(maxBytes === undefined ? [] : [`max_bytes:${maxBytes}`]),
  ]
  return parts.join(' ')
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(':')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function refused(reason: string) {
  return { ok: false as const, reason }
}
