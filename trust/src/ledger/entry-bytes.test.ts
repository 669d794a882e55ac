import { type Entry, type EntryDraft, entrySchema, entryTypes, MAX_ENTRY_BYTES } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sha256 } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { canonicalWriter } from '../json/canonical-writer.ts'
import { alice } from '../testing/index.ts'
import { chainHash, entryText, GENESIS, readEntry } from './entry-bytes.ts'
import { aDraft, hashOf, idOf, ORIGIN, thrownCode } from './testing/fixture.ts'

const place = { origin: ORIGIN, seq: 5, tMs: 1_750_000_000_123, prev: hashOf('prev') }
const full = (draft: EntryDraft): Entry => ({
  ...draft,
  v: 1,
  origin: ORIGIN,
  seq: 5,
  t_ms: place.tMs,
  prev: place.prev,
})

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 })
const hash = fc.string().map(hashOf)
const id = fc.string().map(idOf)
const labels = fc.subarray(['PII', 'PCI', 'SECRET', 'TENANT:a'])
const envelope = fc.record({
  payload: fc
    .base64String({ maxLength: 200 })
    .map((text) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
  proof: fc.record({
    kid: wellFormed,
    size: fc.integer({ min: 1, max: 1024 }),
    index: fc.integer({ min: 0, max: 1023 }),
    path: fc.array(hash, { maxLength: 10 }),
    sig: fc.constant('A'.repeat(86)),
  }),
})
const verdict = fc.record(
  {
    pass: fc.constantFrom('egress_args' as const, 'ingress_result' as const),
    stage: fc.constantFrom('size' as const, 'secrets' as const),
    rule: wellFormed,
    action: fc.constantFrom('allow' as const, 'redact' as const),
    count: fc.nat(),
    paths: fc.array(wellFormed, { maxLength: 3 }),
    labels,
  },
  { requiredKeys: ['pass', 'stage', 'rule', 'action'] },
)
const checkpoint = fc.record({ origin: wellFormed, size: fc.nat(), root: hash })
const ext = fc.record(
  {
    denial_id: id,
    code: fc.constantFrom('busy' as const, 'internal' as const),
    stage: fc.constantFrom('policy', 'naïve'),
    reason: wellFormed,
    status: fc.constantFrom('ok' as const, 'denied' as const),
    expires: fc.nat(),
    uses: fc.integer({ min: 1 }),
    payload: wellFormed,
    envelope,
    through: fc.nat(),
    previous: checkpoint,
    checkpoint,
    note: wellFormed,
  },
  { requiredKeys: [] },
)
const draft: fc.Arbitrary<EntryDraft> = fc.record(
  {
    type: fc.constantFrom(...entryTypes),
    call_id: id,
    actor: fc.constantFrom('agent:alice', 'person:bob', `${alice.did}#x`),
    peer: fc.constant(alice.did),
    cap: fc.constantFrom('files.read', 'b/files.read'),
    cap_hash: hash,
    decision: fc.constantFrom('permit' as const, 'deny' as const),
    pol: fc.nat(),
    rules: fc.array(wellFormed, { maxLength: 4 }),
    verdicts: fc.array(verdict, { maxLength: 3 }),
    labels,
    args_c: hash,
    result_c: hash,
    intent: hash,
    receipt: hash,
    fence: fc.record({ lease: wellFormed, token: fc.nat() }),
    ext,
  },
  { requiredKeys: ['type'] },
)

describe(entryText, () => {
  it('writes the canonical JSON of the entry', () => {
    fc.assert(
      fc.property(draft, (any) => {
        expect(entryText(any, place)).toBe(canonicalJson(full(any)))
      }),
    )
  })

  it('leaves out members that are undefined', () => {
    const loose = { ...aDraft(1), peer: undefined } as unknown as EntryDraft
    expect(entryText(loose, place)).toBe(entryText(aDraft(1), place))
  })

  it('never lets a draft set what the ledger sets', () => {
    const forged = { ...aDraft(1), seq: 99, prev: GENESIS, origin: 'mallory.example', t_ms: 1, v: 2 } as EntryDraft
    expect(entryText(forged, place)).toBe(entryText(aDraft(1), place))
  })

  /** One member made wrong, or right in another way: whether it is taken must not depend on who looks. */
  const mutation = fc.oneof(
    fc.record({
      at: fc.constantFrom(
        'type',
        'call_id',
        'actor',
        'peer',
        'cap',
        'pol',
        'rules',
        'labels',
        'args_c',
        'fence',
        'ext',
        'stranger',
        'decision',
        'verdicts',
      ),
      to: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(
          'x/y',
          'agent:A',
          `${alice.did}`,
          -1,
          -0,
          1.5,
          2 ** 53,
          'A'.repeat(43),
          'A'.repeat(22),
          'permit',
          [],
          {},
        ),
      ),
    }),
  )

  it('takes exactly what the schema takes', () => {
    fc.assert(
      fc.property(draft, mutation, (any, { at, to }) => {
        const mutated = { ...any, [at]: to } as unknown as EntryDraft
        const taken = thrownCode(() => entryText(mutated, place)) === 'nothing was thrown'
        expect(taken).toBe(entrySchema.safeParse(full(mutated)).success)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['an unknown member', { ...aDraft(1), token: 'secret' }],
    ['an unknown member inside', { ...aDraft(1), ext: { secret: 1 } }],
    ['a type outside the closed list', { ...aDraft(1), type: 'note' }],
    ['a principal that is none', { ...aDraft(1), actor: 'root' }],
    ['a capability that is none', { ...aDraft(1), cap: '../x' }],
    ['a reason that is too long', { ...aDraft(1), ext: { reason: 'x'.repeat(1025) } }],
    ['a lone surrogate', aDraft(1, 'a\ud800b')],
    ['an array for an object', { ...aDraft(1), ext: [] }],
  ])('refuses %s', (_what, bad) => {
    expect(thrownCode(() => entryText(bad as unknown as EntryDraft, place))).toBe('entry_refused')
  })

  it('takes text that only looks like an escaped surrogate', () => {
    const text = entryText(aDraft(1, '\\ud800'), place)
    expect(JSON.parse(text).ext.note).toBe('\\ud800')
  })

  it('takes 65,535 bytes, counted as UTF-8, and not one more', () => {
    const rules = Array.from({ length: 64 }, () => '€'.repeat(128))
    const verdict = { pass: 'egress_args' as const, stage: 'size' as const, rule: 'r', action: 'cut' as const }
    const large = (verdicts: number, reason: number): EntryDraft => ({
      ...aDraft(1),
      rules,
      verdicts: Array.from({ length: verdicts }, () => ({ ...verdict, paths: ['x'.repeat(256), 'y'.repeat(256)] })),
      ext: { payload: 'A'.repeat(15_000), reason: 'r'.repeat(reason) },
    })
    const sizeOf = (verdicts: number) => Buffer.byteLength(entryText(large(verdicts, 0), place))
    let verdicts = 0
    while (sizeOf(verdicts) < MAX_ENTRY_BYTES - 1000) verdicts++
    const rest = MAX_ENTRY_BYTES - sizeOf(verdicts)
    const text = entryText(large(verdicts, rest), place)
    expect(Buffer.byteLength(text)).toBe(MAX_ENTRY_BYTES)
    expect(readEntry(Buffer.from(text)).ok).toBe(true)
    expect(thrownCode(() => entryText(large(verdicts, rest + 1), place))).toBe('entry_refused')
  })
})

describe(readEntry, () => {
  const bytes = (text: string) => Buffer.from(text)
  const good = entryText(aDraft(1, 'naïve'), place)

  it('reads back every entry that can be written', () => {
    fc.assert(
      fc.property(draft, (any) => {
        expect(readEntry(bytes(entryText(any, place)))).toEqual({ ok: true, entry: full(any) })
      }),
    )
  })

  it('reads nothing that has one byte changed, unless that is another entry in its own right', () => {
    fc.assert(
      fc.property(fc.nat(bytes(good).length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes(good)
        changed[at] = (changed[at] ?? 0) ^ change
        const reading = readEntry(changed)
        if (reading.ok) expect(canonicalJson(reading.entry)).toBe(changed.toString('utf8'))
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['not_canonical', 'members out of order', JSON.stringify({ v: 1, ...JSON.parse(good) })],
    ['malformed', 'a space', good.replace(',', ', ')],
    ['not_canonical', 'an escape that is not needed', good.replace('files.read', '\\u0066iles.read')],
    ['duplicate_name', 'a member twice', good.replace('"pol":1', '"pol":1,"pol":1')],
    ['number_not_allowed', 'minus zero', good.replace('"seq":5', '"seq":-0')],
    ['number_not_allowed', 'a number with an exponent', good.replace('"seq":5', '"seq":5e0')],
    ['malformed', 'rubbish behind it', `${good} x`],
    ['malformed', 'a byte order mark', `\ufeff${good}`],
    ['forbidden_name', 'a prototype', good.replace('"v":1', '"v":1,"__proto__":{}')],
    ['malformed', 'nothing', ''],
  ])('refuses as %s an entry with %s', (reason, _why, text) => {
    expect(text).not.toBe(good)
    const reading = readEntry(bytes(text))
    expect(reading.ok).toBe(false)
    // A space inside an object is legal JSON, so the strict parser reads it and only the form is wrong.
    expect([reason, 'not_canonical']).toContain(reading.ok ? '' : reading.reason)
  })

  it('refuses what is not UTF-8, too large, or no entry', () => {
    expect(readEntry(Buffer.concat([bytes(good), Uint8Array.of(0xff)]))).toEqual({ ok: false, reason: 'not_utf8' })
    expect(readEntry(Buffer.alloc(MAX_ENTRY_BYTES + 1))).toEqual({ ok: false, reason: 'too_large' })
    expect(readEntry(bytes('{"v":1}'))).toMatchObject({ ok: false, reason: expect.stringMatching(/^schema: /) })
    expect(readEntry(bytes(`${'['.repeat(40_000)}`)).ok).toBe(false)
  })

  it('refuses a lone surrogate in the escaped form that the platform writes', () => {
    expect(readEntry(bytes(good.replace('naïve', 'na\\ud800ve')))).toEqual({ ok: false, reason: 'lone_surrogate' })
  })
})

describe(chainHash, () => {
  it('is SHA-256 over a tag and the bytes', () => {
    expect(chainHash(Buffer.from('x'))).toBe(Buffer.from(sha256('hansa/chain/v1\nx')).toString('base64url'))
    expect(Buffer.from(GENESIS, 'base64url')).toEqual(Buffer.alloc(32))
  })
})

describe(canonicalWriter, () => {
  it('refuses a schema with a keyword it does not know, instead of passing over it', () => {
    expect(() => canonicalWriter(z.strictObject({ a: z.int().multipleOf(3) }))).toThrow('multipleOf')
    expect(() => canonicalWriter(z.object({ a: z.int() }))).toThrow('strict')
    expect(() => canonicalWriter(z.strictObject({ a: z.unknown() }))).toThrow('no writer')
  })

  it.each([
    ['a range that holds a quote', /^[ -~]*$/],
    ['a range that holds a backslash', /^[A-z"]*$/],
    ['a class without an end', /^[+-\]"]*$/],
    ['any character', /^.*$/],
    ['a bar that leaves one side open', /^x|["\\]*$/],
    ['everything but something', /^[^x]*$/],
    ['a quote', /^\\?"*$/],
    ['an escape', /^[\x22]*$/],
    ['no end', /^"*/],
  ])('escapes what a pattern with %s lets through', (_what, pattern) => {
    const write = canonicalWriter(z.strictObject({ a: z.string().regex(pattern) }))
    for (const a of ['"', '\\', '"\\', '""', 'x"']) {
      const text = write({ a })
      if (pattern.test(a)) expect(text).toBe(JSON.stringify({ a }))
      else expect(text).toBeUndefined()
    }
  })

  it('knows alternatives, booleans and null', () => {
    const write = canonicalWriter(z.strictObject({ a: z.union([z.boolean(), z.string().nullable()]) }))
    for (const a of [true, 'x', null]) expect(write({ a })).toBe(JSON.stringify({ a }))
    expect(write({ a: 1 })).toBeUndefined()
  })
})
