import type { Envelope, EnvelopeType } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { entryText, GENESIS } from '../ledger/entry-bytes.ts'
import { alice, bob } from '../testing/actors.ts'
import { anAck, anIntent, aReceipt, severalAcks } from '../testing/statements.ts'
import { signBatch } from './batch-signer.ts'
import { readEnvelope } from './envelope.ts'
import { isOwnForm, parseEnvelope, parseEnvelopes, payloadBytesOf, textOfEnvelope } from './envelope-text.ts'
import { intentOf, readAck, readAcks, readIntent, readOwnPayload, readReceipt } from './payloads.ts'
import { prepare } from './prepared.ts'

const texts = [1, 2, 5, 40].flatMap((size) =>
  signBatch(
    alice,
    Array.from({ length: size }, (_, ctr) => prepare('hansa-intent', anIntent({ ctr: ctr + 1 }))),
  ).map(({ text }) => text),
)

/** What happens to a text on its way: a character that is another one, or something put in or left out. */
const broken = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(3),
        fc.constantFrom(
          '',
          ' ',
          '"',
          ',',
          '0',
          '1',
          '9',
          '-',
          '=',
          '\\',
          '{',
          ']',
          'A',
          'B',
          'é',
          '\\u0041',
          '"a":1,',
          '1e1',
        ),
      ),
      { maxLength: 2 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [where, left, put]) => {
      const at = Math.floor(where * now.length)
      return now.slice(0, at) + put + now.slice(at + left)
    }, text),
  )

/** The numbers and lists of a proof, where a bound of them is near. */
const near = fc
  .record({
    index: fc.constantFrom('0', '1', '01', '-1', '1023', '1024', '9999', '10000', '1.0'),
    size: fc.constantFrom('0', '1', '1024', '1025', '12345'),
    path: fc.nat(12),
    kid: fc.constantFrom(alice.kid, '', 'did:web:a.example%3A1#k', 'é', '\\n', 'a'.repeat(1024), 'a'.repeat(1025)),
    sig: fc.constantFrom('A'.repeat(86), 'A'.repeat(85), 'A'.repeat(87), `${'A'.repeat(85)}B`, `${'A'.repeat(85)}g`),
    payload: fc.constantFrom('', 'e30', 'e3', 'e31', 'A', 'A'.repeat(21_844), 'A'.repeat(21_848), 'e30='),
  })
  .map(({ index, size, path, kid, sig, payload }) => {
    const hashes = Array.from({ length: path }, () => `"${'A'.repeat(43)}"`).join(',')
    return `{"payload":"${payload}","proof":{"index":${index},"kid":"${kid}","path":[${hashes}],"sig":"${sig}","size":${size}}}`
  })

/** The way without a look at the text. */
function reference(text: string): Envelope | undefined {
  const parsed = parseStrictJson(Buffer.from(text), 'object')
  return parsed.ok ? readEnvelope(parsed.value) : undefined
}

describe(parseEnvelope, () => {
  it('reads what a signer wrote, and keeps its text and its bytes', () => {
    for (const text of texts) {
      const envelope = parseEnvelope(Buffer.from(text)) as Envelope
      expect(envelope).toEqual(JSON.parse(text))
      expect(isOwnForm(envelope)).toBe(true)
      expect(textOfEnvelope(envelope)).toBe(canonicalJson(envelope))
      expect(payloadBytesOf(envelope)).toEqual(decodeBase64url(envelope.payload))
    }
  })

  it('gives the same as the strict parser and the shape, whatever became of the text', () => {
    fc.assert(
      fc.property(fc.oneof(broken, near), (text) => {
        const envelope = parseEnvelope(Buffer.from(text))
        expect(envelope).toEqual(reference(text))
        if (envelope === undefined || !isOwnForm(envelope)) return
        expect(textOfEnvelope(envelope)).toBe(canonicalJson(JSON.parse(text)))
        expect(encodeBase64url(payloadBytesOf(envelope) ?? Buffer.of(0))).toBe(envelope.payload)
      }),
      { numRuns: 3000 },
    )
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        parseEnvelope(bytes)
        parseEnvelopes(bytes, 4)
      }),
    )
  })

  it('gives what nobody can change any more', () => {
    const envelope = parseEnvelope(Buffer.from(texts[2] ?? '')) as Envelope
    for (const part of [envelope, envelope.proof, envelope.proof.path]) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe(parseEnvelopes, () => {
  it('gives the same as the strict parser and the shape of each', () => {
    const lists = fc.tuple(
      fc.array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...texts) }, broken), { maxLength: 5 }),
      fc.constantFrom(',', ', ', ',,', ' ,'),
      fc.constantFrom(['[', ']'], ['[ ', ']'], ['', ']'], ['[', ''], ['[', ',]'], ['[', ']]'], ['{', '}']),
    )
    fc.assert(
      fc.property(lists, ([items, comma, [open, close]]) => {
        const text = `${open}${items.join(comma)}${close}`
        const parsed = parseStrictJson(Buffer.from(text), 'payload')
        const values = parsed.ok && Array.isArray(parsed.value) && parsed.value.length <= 4 ? parsed.value : undefined
        const read = values?.map(readEnvelope)
        const expected = read?.every((envelope) => envelope !== undefined) ? read : undefined
        expect(parseEnvelopes(Buffer.from(text), 4)).toEqual(expected)
      }),
      { numRuns: 1500 },
    )
  })
})

describe(readOwnPayload, () => {
  const payloads = [
    ['hansa-intent', anIntent({ purpose: 'a "quoted" ü', chk: { origin: 'b/1', size: 1, root: anIntent().sub } })],
    ['hansa-receipt', aReceipt({ code: 'busy', result_c: null })],
    ['hansa-ack', anAck({ withheld: true })],
    ['hansa-acks', severalAcks()],
  ] as const
  const readers: Readonly<Record<EnvelopeType, (payload: unknown) => { ok: boolean }>> = {
    'hansa-intent': readIntent,
    'hansa-receipt': readReceipt,
    'hansa-ack': readAck,
    'hansa-acks': readAcks,
  }

  it.each(payloads)('reads a %s that a signer wrote', (typ, payload) => {
    expect(readOwnPayload(typ, prepare(typ, payload).payloadBytes)).toEqual(payload)
  })

  it('takes only what the strict parser and the schema take, with the same value', () => {
    const edits = fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(2),
        fc.constantFrom('', ' ', '"', '1', '-0', '.5', '\\u0061', '\\ud800', 'ü', '"__proto__":1,', '"v":1,', 'null'),
      ),
      { maxLength: 2 },
    )
    fc.assert(
      fc.property(fc.constantFrom(...payloads), edits, ([typ, payload], changes) => {
        const text = changes.reduce((now, [where, left, put]) => {
          const at = Math.floor(where * now.length)
          return now.slice(0, at) + put + now.slice(at + left)
        }, canonicalJson(payload))
        const own = readOwnPayload(typ, Buffer.from(text))
        const parsed = parseStrictJson(Buffer.from(text), 'object')
        const fits = parsed.ok && readers[typ](parsed.value).ok
        const isCanonical = parsed.ok && canonicalJson(parsed.value) === text
        expect(own).toEqual(fits && isCanonical && parsed.ok ? parsed.value : undefined)
      }),
      { numRuns: 3000 },
    )
  })

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.from(canonicalJson(anIntent({ purpose: 'xx' })), 'latin1')
    bytes[bytes.indexOf('xx')] = 0xff
    expect(readOwnPayload('hansa-intent', bytes)).toBeUndefined()
  })

  it('leaves a payload of another type to the reader that was asked', () => {
    expect(intentOf({ payload: anAck(), fits: 'hansa-ack' }).ok).toBe(false)
  })
})

describe('an entry with an envelope whose text is known', () => {
  const place = { origin: 'a.example/hansa/log/1', seq: 1, tMs: 1, prev: GENESIS }
  const draftOf = (envelope: Envelope) =>
    ({ type: 'ack.received', call_id: 'A'.repeat(22), peer: bob.did, ext: { envelope } }) as const

  it('is written as one with a copy of it is', () => {
    for (const text of texts) {
      const envelope = parseEnvelope(Buffer.from(text)) as Envelope
      expect(entryText(draftOf(envelope), place)).toBe(entryText(draftOf(structuredClone(envelope)), place))
    }
  })

  it('does not stand for an envelope that was changed', () => {
    const envelope = parseEnvelope(Buffer.from(texts[0] ?? '')) as Envelope
    const changed = { ...envelope, payload: 'e30' }
    expect(entryText(draftOf(changed), place)).toContain('"payload":"e30"')
    expect(() => entryText(draftOf({ ...envelope, payload: 'é' }), place)).toThrow('not written')
  })
})
