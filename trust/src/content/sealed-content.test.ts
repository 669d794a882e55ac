import { describe, expect, it } from 'vitest'
import { newSalt } from '../encoding/random.ts'
import { newSeed } from '../keys/signer.ts'
import { type ContentContext, contentHash, openContent, sealContent, WRAPPED_KEY_BYTES } from './sealed-content.ts'

const master = newSeed()
const context: ContentContext = {
  origin: 'did:key:z6Mkalice/log/1',
  callId: 'AAAAAAAAAAAAAAAAAAAAAA',
  kind: 'arguments',
  commitment: 'C'.repeat(43),
}
const content = { salt: newSalt(), bytes: Buffer.from('{"iban":"DE02120300000000202051"}') }

describe('kept content', () => {
  it('opens to salt and bytes', () => {
    const sealed = sealContent(content, context, master)
    expect(sealed.wrappedKey).toHaveLength(WRAPPED_KEY_BYTES)
    const opened = openContent(sealed, context, master)
    expect(opened.ok && Buffer.from(opened.salt).equals(content.salt)).toBe(true)
    expect(opened.ok && Buffer.from(opened.bytes).equals(content.bytes)).toBe(true)
  })

  it.each([0, 1, 255])('keeps a salt of %i bytes, and no bytes', (length) => {
    const salt = new Uint8Array(length).fill(7)
    const opened = openContent(sealContent({ salt, bytes: new Uint8Array() }, context, master), context, master)
    expect(opened.ok && [opened.salt.length, opened.bytes.length]).toEqual([length, 0])
  })

  it('holds no byte of the content in the clear', () => {
    const { blob, wrappedKey } = sealContent(content, context, master)
    const text = Buffer.concat([blob, wrappedKey]).toString('latin1')
    expect(text).not.toContain('DE02')
    expect(text).not.toContain(Buffer.from(content.salt).toString('latin1').slice(0, 8))
  })

  it('has another key, nonce and text each time', () => {
    const sealed = Array.from({ length: 50 }, () => sealContent(content, context, master))
    expect(new Set(sealed.map(({ blob }) => Buffer.from(blob).toString('hex').slice(8, 32))).size).toBe(50)
    expect(new Set(sealed.map(({ wrappedKey }) => Buffer.from(wrappedKey).toString('hex'))).size).toBe(50)
  })
})

describe('mallory, who can write to the disk and has no key of the node,', () => {
  const sealed = sealContent(content, context, master)
  const open = (over: Partial<typeof sealed>, of: ContentContext = context, key = master) =>
    openContent({ ...sealed, ...over }, of, key).ok

  it('cannot change a bit of the blob or of its key', () => {
    for (const part of ['blob', 'wrappedKey'] as const) {
      for (let at = 0; at < sealed[part].length; at++) {
        const changed = Uint8Array.from(sealed[part])
        changed[at] = (changed[at] ?? 0) ^ 1
        expect(open({ [part]: changed }), `${part} ${at}`).toBe(false)
      }
    }
  })

  it('cannot cut either of them at any length, nor add to it', () => {
    for (const part of ['blob', 'wrappedKey'] as const) {
      for (let end = 0; end < sealed[part].length; end++)
        expect(open({ [part]: sealed[part].slice(0, end) })).toBe(false)
      expect(open({ [part]: Buffer.concat([sealed[part], Buffer.of(0)]) })).toBe(false)
    }
  })

  it.each<Partial<ContentContext>>([
    { origin: 'did:key:z6Mkbob/log/1' },
    { callId: 'BAAAAAAAAAAAAAAAAAAAAA' },
    { kind: 'result' },
    { commitment: 'D'.repeat(43) },
  ])('cannot show it as that of %o', (other) => {
    expect(open({}, { ...context, ...other })).toBe(false)
  })

  it('cannot exchange the blobs of two records, nor their keys, nor both', () => {
    const of = { ...context, callId: 'BAAAAAAAAAAAAAAAAAAAAA' }
    const other = sealContent(content, of, master)
    expect([open({ blob: other.blob }), open({ wrappedKey: other.wrappedKey }), open(other)]).toEqual([
      false,
      false,
      false,
    ])
    expect(openContent(other, of, master).ok).toBe(true)
  })

  it('cannot open it with a key of another node', () => {
    expect(open({}, context, newSeed())).toBe(false)
  })
})

it('names a record by log, call and half of the call', () => {
  const names = [
    context,
    { ...context, kind: 'result' as const },
    { ...context, origin: 'x' },
    { ...context, callId: 'y' },
  ].map(contentHash)
  expect(new Set(names).size).toBe(4)
  expect(contentHash({ ...context, commitment: 'other' } as ContentContext)).toBe(names[0])
})
