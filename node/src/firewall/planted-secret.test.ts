/** Whatever way a secret is written, and wherever it is put, it does not cross. */
import { type FirewallPass, firewallPasses } from '@hansa/protocols'
import { noObligations, parseObligations } from '@hansa/trust'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileDetectors } from './detector.ts'
import { compileSchema } from './schema-check.ts'
import { screen } from './screen.ts'
import { screenText } from './text.ts'

const CANARY = 'aurora-falcon-4711'
const detectors = compileDetectors({ canaries: [CANARY] })
const compiled = compileSchema('{}')
if (!compiled.ok) throw new Error(compiled.reason)
const { check } = compiled

const secrets = fc.constantFrom(
  CANARY,
  CANARY.toUpperCase(),
  `AKIA${'IOSFODNN7EXAMPLE'}`,
  ['hkt1', 'k3', 'eyJ2IjoxLCJpc3MiOiJkaWQ', 'c2lnbmF0dXJl'].join('.'),
  ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJl'].join('.'),
  `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`,
)

type Encoding = { name: string; write(text: string, random: number): string }

const folds: Encoding[] = [
  {
    name: 'full width',
    write: (text) => text.replace(/[!-~]/g, (it) => String.fromCharCode(it.charCodeAt(0) + 0xfee0)),
  },
  { name: 'zero width', write: (text, random) => insert(text, random, '\u200b') },
  { name: 'joiner', write: (text, random) => insert(text, random, '\u200d') },
  { name: 'soft hyphen', write: (text, random) => insert(text, random, '\u00ad') },
  { name: 'nul', write: (text, random) => insert(text, random, '\u0000') },
]
const percents: Encoding[] = [
  { name: 'percent', write: percentAll },
  { name: 'percent of some', write: (text) => text.replace(/[%aeiouAEIOU.-]/g, percentAll) },
]
const encoded: Encoding[] = [
  { name: 'base64', write: (text) => Buffer.from(padded(text)).toString('base64') },
  { name: 'base64url', write: (text) => Buffer.from(padded(text)).toString('base64url') },
  {
    name: 'base64 behind a path',
    write: (text, random) => `${'/a'.repeat(random % 5)}${Buffer.from(padded(text)).toString('base64')}`,
  },
  { name: 'base64 in lines', write: (text) => Buffer.from(padded(text)).toString('base64').replace(/.{20}/g, '$&\n') },
  { name: 'base64 of UTF-16', write: (text) => Buffer.from(padded(text), 'utf16le').toString('base64') },
  { name: 'hex', write: (text) => Buffer.from(padded(text)).toString('hex') },
  { name: 'upper case hex', write: (text) => Buffer.from(padded(text)).toString('hex').toUpperCase() },
]
const json: Encoding[] = [
  { name: 'JSON in a text', write: (text) => JSON.stringify({ note: text, n: 1 }) },
  {
    name: 'JSON with escapes',
    write: (text) => `{"note":"${text.replace(/[A-Za-z]/g, (it) => `\\u00${it.charCodeAt(0).toString(16)}`)}"}`,
  },
]

function insert(text: string, random: number, what: string): string {
  const at = 1 + (random % Math.max(1, text.length - 1))
  return text.slice(0, at) + what + text.slice(at)
}

function percentAll(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

/** Long enough to be a run that is decoded. */
function padded(text: string): string {
  return `the value is ${text} as it was`
}

/** At most what the firewall undoes: folds freely, percent twice, an encoding once, JSON once, in any order. */
const encodings = fc
  .tuple(
    fc.array(fc.constantFrom(...folds), { maxLength: 1 }),
    fc.array(fc.constantFrom(...percents), { maxLength: 2 }),
    fc.array(fc.constantFrom(...encoded), { maxLength: 1 }),
    fc.array(fc.constantFrom(...json), { maxLength: 1 }),
  )
  .chain((lists) => fc.shuffledSubarray(lists.flat(), { minLength: lists.flat().length }))

const place = fc.tuple(fc.nat(4), fc.constantFrom('value', 'element', 'text around', 'name'))

function plant(text: string, [depth, where]: [number, string]): unknown {
  if (depth > 0)
    return depth % 2 === 0 ? [1, plant(text, [depth - 1, where])] : { deep: plant(text, [depth - 1, where]), x: 'y' }
  switch (where) {
    case 'element':
      return ['a', text, 'b']
    case 'text around':
      return { note: `Dear all, ${text} is what it says.` }
    case 'name':
      return { [text]: 1 }
    default:
      return { note: text }
  }
}

describe('a planted secret', () => {
  it('never crosses, in whatever encoding and place, in any pass, with or without schema', () => {
    fc.assert(
      fc.property(
        secrets,
        encodings,
        place,
        fc.constantFrom<FirewallPass>(...firewallPasses),
        fc.boolean(),
        fc.nat(),
        (secret, how, where, pass, structured, random) => {
          const text = how.reduce<string>((it, encoding) => encoding.write(it, random), secret)
          const bytes = Buffer.from(JSON.stringify(plant(text, where)))
          const outcome = screen({
            pass,
            bytes,
            ...(structured ? { schema: check } : {}),
            obligations: noObligations,
            labels: [],
            detectors,
          })
          expect({ how: how.map(({ name }) => name), ok: outcome.ok }).toMatchObject({ ok: false })
        },
      ),
      { numRuns: 1_500 },
    )
  })

  it.each(firewallPasses)('does not cross in an error message or a header value: %s', (pass) => {
    fc.assert(
      fc.property(secrets, (secret) => {
        expect(screenText({ pass, text: `upstream said 401 for key=${secret}`, detectors }).ok).toBe(false)
      }),
    )
  })

  it('is not quoted by what refuses it', () => {
    fc.assert(
      fc.property(secrets, place, fc.constantFrom(...firewallPasses), (secret, where, pass) => {
        const bytes = Buffer.from(JSON.stringify(plant(secret, where)))
        const outcome = screen({ pass, bytes, schema: check, obligations: noObligations, labels: [], detectors })
        expect(JSON.stringify(outcome).toLowerCase()).not.toContain(secret.toLowerCase())
      }),
    )
  })
})

describe('planted personal data', () => {
  const redact = parseObligations(['redact:PII', 'redact:PCI'])
  if (!redact.ok) throw new Error(redact.unknown)
  const finds = fc.constantFrom(
    'alice.smith@example.com',
    '4111111111111111',
    '+49 30 12345678',
    'DE89370400440532013000',
  )

  it('is redacted in results in every encoding, so that what remains shows none of it', () => {
    fc.assert(
      fc.property(
        finds,
        encodings,
        place,
        fc.constantFrom<FirewallPass>('egress_result', 'ingress_result'),
        fc.nat(),
        (find, how, where, pass, random) => {
          const text = how.reduce<string>((it, encoding) => encoding.write(it, random), find)
          const bytes = Buffer.from(JSON.stringify(plant(text, where)))
          const outcome = screen({ pass, bytes, schema: check, obligations: redact.obligations, labels: [], detectors })
          // A name with hidden characters is refused before anything is redacted.
          if (!outcome.ok) {
            expect(outcome.verdicts.at(-1)?.rule).toBe('hidden_name')
            return
          }
          const again = screen({
            pass,
            bytes: outcome.bytes,
            schema: check,
            obligations: noObligations,
            labels: [],
            detectors,
          })
          expect(again.ok && again.labels).toEqual([])
          expect(Buffer.from(outcome.bytes).toString()).not.toContain(find)
        },
      ),
      { numRuns: 800 },
    )
  })
})
