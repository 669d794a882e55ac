import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../encoding/hash.ts'
import { formatCheckpoint, parseCheckpoint, unverifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { type NoteKey, noteKey, parseVkey, verifyNote } from './note.ts'
import { hashOf } from './testing/fixture.ts'

const key = noteKey('example.com/log', sha256('one note key'))
const witness = noteKey('witness.example', sha256('a witness key'))
const mallory = noteKey('example.com/log', sha256('mallory note key'))

const signatureOf = (note: string) => note.slice(note.lastIndexOf('\n\n') + 2)
const signedBy = (text: string, ...keys: NoteKey[]) =>
  `${text}\n${keys.map((one) => signatureOf(one.sign(text))).join('')}`

const vectors = new URL('../../../../shared/vectors/known-answers.json', import.meta.url)
const present = existsSync(vectors)
const published = `published notes${present ? '' : ' (skipped: ../shared/vectors is not here)'}`

type KnownNote = { vkey: string; note?: string; skey?: string; bad_vkeys?: string[] }

describe.skipIf(!present)(published, () => {
  const known: KnownNote[] = present ? JSON.parse(readFileSync(vectors, 'utf8')).signed_note : []

  it('opens those of C2SP', () => {
    const opened = known.filter(({ note }) => note !== undefined).map(({ note = '', vkey }) => verifyNote(note, vkey))
    expect(opened).toEqual([{ ok: true, text: 'This is an example message.\n' }])
  })

  it('derives the vkey of a published private key', () => {
    for (const { skey, vkey } of known) {
      if (skey === undefined) continue
      const [, , name = '', , encoded = ''] = skey.split('+')
      const seed = Buffer.from(skey.slice(skey.indexOf(encoded)), 'base64').subarray(1)
      expect(noteKey(name, seed).vkey).toBe(vkey)
    }
  })

  it('refuses the published bad vkeys', () => {
    for (const bad of known.flatMap(({ bad_vkeys = [] }) => bad_vkeys)) expect(parseVkey(bad).ok).toBe(false)
  })

  it('refuses every part of a good one, and every good one with a byte one higher', () => {
    for (const { vkey } of known) {
      expect(parseVkey(vkey).ok).toBe(true)
      for (let from = 0; from < vkey.length; from++) {
        for (let to = from; to <= vkey.length; to++) {
          if (to - from < vkey.length) expect(parseVkey(vkey.slice(from, to)).ok).toBe(false)
        }
        const higher = String.fromCharCode(vkey.charCodeAt(from) + 1)
        expect(parseVkey(vkey.slice(0, from) + higher + vkey.slice(from + 1)).ok).toBe(false)
      }
    }
  })
})

describe(parseVkey, () => {
  const [name = '', id = '', material = ''] = key.vkey.split(/\+(.{8})\+(.*)/s)
  const of = (type: number, publicKey: Uint8Array) => Buffer.concat([Uint8Array.of(type), publicKey]).toString('base64')
  const publicKey = Buffer.from(material, 'base64').subarray(1)

  it('reads what noteKey writes', () => {
    expect(parseVkey(key.vkey)).toMatchObject({ ok: true, verifier: { name: 'example.com/log', id, vkey: key.vkey } })
  })

  it.each([
    ['vkey_malformed', 'nothing', ''],
    ['vkey_malformed', 'no key', `${name}+${id}`],
    ['vkey_malformed', 'an id in capitals', `${name}+${id.toUpperCase()}+${material}`],
    ['vkey_malformed', 'padding that is not needed', `${name}+${id}+${material}=`],
    ['vkey_malformed', 'a base64url alphabet', `${name}+${id}+${material.replaceAll('+', '-').replaceAll('/', '_')}-`],
    ['vkey_malformed', 'a newline at the end', `${key.vkey}\n`],
    ['vkey_name', 'a space in the name', `example com+${id}+${material}`],
    ['vkey_name', 'a no-break space in the name', `example\u00a0com+${id}+${material}`],
    ['vkey_type', 'another signature type', `${name}+${id}+${of(2, publicKey)}`],
    ['vkey_type', 'a key that is too short', `${name}+${id}+${of(1, publicKey.subarray(1))}`],
    ['vkey_id', 'the id of another name', `other.example/log+${id}+${material}`],
  ])('refuses with %s a vkey with %s', (reason, _why, vkey) => {
    expect(parseVkey(vkey)).toEqual({ ok: false, reason })
  })

  it('refuses a key that is not admissible, though its id is right', () => {
    // The neutral element: every signature of a certain form verifies under it.
    const neutral = Buffer.concat([Uint8Array.of(1), Buffer.alloc(31)])
    const keyId = Buffer.from(sha256('weak.example\n', Uint8Array.of(1), neutral)).toString('hex', 0, 4)
    expect(parseVkey(`weak.example+${keyId}+${of(1, neutral)}`)).toEqual({ ok: false, reason: 'vkey_inadmissible' })
  })
})

describe(noteKey, () => {
  it.each(['', 'a b', 'a+b', 'a\tb', 'a\u2003b', 'a\u0000b'])('takes no name like %j', (name) => {
    expect(() => noteKey(name, sha256('seed'))).toThrow(RangeError)
  })

  it.each(['', 'no newline', 'a tab\t\n', 'a return\r\n', '\ud800\n'])('signs no text like %j', (text) => {
    expect(() => key.sign(text)).toThrow(RangeError)
  })

  it('signs text with empty lines, which are no end of it', () => {
    const text = 'one\n\ntwo\n\n'
    expect(verifyNote(key.sign(text), key.vkey)).toEqual({ ok: true, text })
  })
})

describe(verifyNote, () => {
  const text = 'line one\nline two\n'
  const note = key.sign(text)

  it('gives back the text that was signed', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (lines) => {
        const any = `${lines.map((line) => line.replaceAll(/\p{Cc}/gu, '')).join('\n')}\n`
        expect(verifyNote(key.sign(any), key.vkey)).toEqual({ ok: true, text: any })
      }),
    )
  })

  it('passes over lines of keys it does not know, in any order', () => {
    expect(verifyNote(signedBy(text, witness, key), key.vkey).ok).toBe(true)
    expect(verifyNote(signedBy(text, key, witness), witness.vkey).ok).toBe(true)
  })

  it('refuses a note that only somebody else signed', () => {
    expect(verifyNote(note, witness.vkey)).toEqual({ ok: false, reason: 'note_unsigned' })
    expect(verifyNote(mallory.sign(text), key.vkey)).toEqual({ ok: false, reason: 'note_unsigned' })
  })

  it('refuses the signature of another text, also beside a good one', () => {
    const moved = `${text}\n${signatureOf(key.sign('another text\n'))}`
    expect(verifyNote(moved, key.vkey)).toEqual({ ok: false, reason: 'note_forged' })
    expect(verifyNote(`${note}${signatureOf(moved)}`, key.vkey)).toEqual({ ok: false, reason: 'note_forged' })
  })

  it('refuses a signature that mallory put under the name and id of the key', () => {
    const [, , encoded = ''] = signatureOf(mallory.sign(text)).trim().split(' ')
    const forged = Buffer.from(encoded, 'base64')
    forged.set(Buffer.from(key.vkey.split('+')[1] ?? '', 'hex'))
    const line = `— ${key.name} ${forged.toString('base64')}\n`
    expect(verifyNote(`${text}\n${line}`, key.vkey)).toEqual({ ok: false, reason: 'note_forged' })
  })

  it('never accepts a note with a byte changed', () => {
    const bytes = Buffer.from(note)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ change
        expect(verifyNote(changed.toString('utf8'), key.vkey).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['no signature', `${text}\n`],
    ['no empty line', note.replace('\n\n', '\n')],
    ['no newline at the end', note.slice(0, -1)],
    ['an empty line at the end', `${note}\n`],
    ['a hyphen for the dash', note.replace('—', '-')],
    ['two spaces', note.replace('— ', '—  ')],
    ['a carriage return', note.replaceAll('\n', '\r\n')],
    ['a signature without padding', note.replace(/=*\n$/, '\n')],
    ['a line that is no signature', `${note}by me\n`],
    ['a signature of nothing', `${text}\n— ${key.name} ${Buffer.alloc(4).toString('base64')}\n`],
    ['a lone surrogate', `\ud800${note}`],
    ['more signatures than any log has', `${text}\n${signatureOf(note).repeat(65)}`],
  ])('refuses as malformed a note with %s', (_why, bad) => {
    expect(verifyNote(bad, key.vkey)).toEqual({ ok: false, reason: 'note_malformed' })
  })
})

describe('checkpoints', () => {
  const checkpoint = { origin: 'example.com/log', size: 20_852_163, root: hashOf('root') }
  const text = formatCheckpoint(checkpoint)

  it('are three lines', () => {
    const base64 = Buffer.from(checkpoint.root, 'base64url').toString('base64')
    expect(text).toBe(`example.com/log\n20852163\n${base64}\n`)
    expect(parseCheckpoint(text)).toEqual(checkpoint)
    expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, size: 0 }))?.size).toBe(0)
  })

  it.each([
    ['an extension line', `${text}more\n`],
    ['no last newline', text.slice(0, -1)],
    ['an empty line', `${text}\n`],
    ['no origin', text.replace('example.com/log', '')],
    ['a leading zero', text.replace('20852163', '020852163')],
    ['a sign', text.replace('20852163', '+1')],
    ['a fraction', text.replace('20852163', '1.5')],
    ['a size beyond the safe integers', text.replace('20852163', '9007199254740993')],
    ['a root without padding', text.replace('=\n', '\n')],
    ['a root in base64url', text.replace(/[^\n]+\n$/, `${'_'.repeat(43)}=\n`)],
    ['a root of 31 bytes', text.replace(/[^\n]+\n$/, `${Buffer.alloc(31).toString('base64')}\n`)],
  ])('are refused with %s', (_why, bad) => {
    expect(bad).not.toBe(text)
    expect(parseCheckpoint(bad)).toBeUndefined()
  })

  it('cannot be written with a root that is none', () => {
    expect(() => formatCheckpoint({ ...checkpoint, root: 'AAAA' })).toThrow(RangeError)
  })

  it('verify as notes of the key whose name is their origin', () => {
    expect(verifyCheckpoint(key.sign(text), key.vkey)).toEqual({ ok: true, checkpoint })
    expect(verifyCheckpoint(witness.sign(text), witness.vkey)).toEqual({ ok: false, reason: 'checkpoint_origin' })
    expect(verifyCheckpoint(mallory.sign(text), key.vkey)).toEqual({ ok: false, reason: 'note_unsigned' })
    expect(verifyCheckpoint(key.sign('something else\n'), key.vkey)).toEqual({
      ok: false,
      reason: 'checkpoint_malformed',
    })
  })

  it('can be read without a key, to say what they claim', () => {
    expect(unverifiedCheckpoint(mallory.sign(text))).toEqual(checkpoint)
    expect(unverifiedCheckpoint('nothing')).toBeUndefined()
  })
})
