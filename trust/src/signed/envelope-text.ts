/**
 * Envelopes from their text. What a kernel of ours writes has one form (RFC 8785, and nothing in it that needs an escape),
 * and one look at the text tells that form, so it is neither parsed nor written again to find out. Every other text goes
 * through the strict parser (security.md B0.1), which alone refuses; tests hold the two ways together.
 *
 * What was read this way is frozen, so that its text and its payload bytes stay true.
 */
import { type Envelope, MAX_BATCH_LEAVES, MAX_ENVELOPE_BYTES } from '@hansa/protocols'
import { decodeAlphabet, decodeBase64url } from '../encoding/base64url.ts'
import { type JsonProfile, parseStrictJson } from '../json/parse-strict-json.ts'
import { MAX_KID_CHARS, MAX_PATH, MAX_PAYLOAD_CHARS, readEnvelope } from './envelope.ts'

const HASH = '"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"'
/** A key id of other characters than these is read the long way. 64 bytes of signature leave four zero bits. */
const OWN_FORM = new RegExp(
  `\\{"payload":"([A-Za-z0-9_-]*)","proof":\\{"index":(0|[1-9][0-9]{0,3}),"kid":"([A-Za-z0-9.:%#_-]*)",` +
    `"path":\\[((?:${HASH}(?:,${HASH})*)?)\\],"sig":"([A-Za-z0-9_-]{85}[AQgw])","size":([1-9][0-9]{0,3})\\}\\}`,
  'y',
)

type OwnForm = { text: string; payloadBytes: Uint8Array }

const ownForms = new WeakMap<Envelope, OwnForm>()

/** @returns undefined for what is no envelope, or larger than one may be. Nothing in it is authentic yet. */
export function parseEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (bytes.length > MAX_ENVELOPE_BYTES) return undefined
  const text = oneCharacterPerByte(bytes)
  const envelope = envelopeAt(text, 0)
  if (envelope !== undefined && OWN_FORM.lastIndex === text.length) return envelope
  const value = strictValue(bytes, 'object')
  return readEnvelope(value)
}

/** A JSON array of at most `most` envelopes; undefined when it is none. */
export function parseEnvelopes(bytes: Uint8Array, most: number): Envelope[] | undefined {
  const own = envelopesInOwnForm(oneCharacterPerByte(bytes), most)
  if (own !== undefined) return own
  const values = strictValue(bytes, 'payload')
  if (!Array.isArray(values) || values.length > most) return undefined
  const envelopes = values.map(readEnvelope)
  return envelopes.every((envelope) => envelope !== undefined) ? envelopes : undefined
}

/** Whether it came from `parseEnvelope` and has been looked at there. */
export function isOwnForm(envelope: Envelope): boolean {
  return ownForms.has(envelope)
}

/** The canonical text of an envelope; undefined where nobody has it, which says nothing about the envelope. */
export function textOfEnvelope(envelope: unknown): string | undefined {
  return ownForms.get(envelope as Envelope)?.text
}

/** @returns undefined when the payload is not canonical base64url. */
export function payloadBytesOf(envelope: Envelope): Uint8Array | undefined {
  return ownForms.get(envelope)?.payloadBytes ?? decodeBase64url(envelope.payload)
}

function envelopesInOwnForm(text: string, most: number): Envelope[] | undefined {
  if (!text.startsWith('[{') || !text.endsWith('}]')) return undefined
  const envelopes: Envelope[] = []
  for (let at = 1; at < text.length; at = OWN_FORM.lastIndex + 1) {
    const envelope = envelopes.length === most ? undefined : envelopeAt(text, at)
    if (envelope === undefined) return undefined
    envelopes.push(envelope)
    const isLast = OWN_FORM.lastIndex === text.length - 1
    if (!isLast && text[OWN_FORM.lastIndex] !== ',') return undefined
  }
  return envelopes
}

/** The envelope that begins there, in its own form; `OWN_FORM.lastIndex` is where it ends then. */
function envelopeAt(text: string, at: number): Envelope | undefined {
  OWN_FORM.lastIndex = at
  const found = OWN_FORM.exec(text)
  if (found === null) return undefined
  const [own, payload = '', indexText, kid = '', pathText = '', sig = '', sizeText] = found
  const [index, size] = [Number(indexText), Number(sizeText)]
  const path = pathText === '' ? [] : pathText.slice(1, -1).split('","')
  if (payload.length > MAX_PAYLOAD_CHARS || kid.length > MAX_KID_CHARS || path.length > MAX_PATH) return undefined
  if (size > MAX_BATCH_LEAVES || index >= MAX_BATCH_LEAVES) return undefined
  const payloadBytes = decodeAlphabet(payload)
  if (payloadBytes === undefined) return undefined
  const proof = Object.freeze({ index, kid, path: Object.freeze(path) as string[], sig, size })
  const envelope: Envelope = Object.freeze({ payload, proof })
  ownForms.set(envelope, { text: own, payloadBytes })
  return envelope
}

function strictValue(bytes: Uint8Array, profile: JsonProfile): unknown {
  const parsed = parseStrictJson(bytes, profile)
  return parsed.ok ? parsed.value : undefined
}

/** What is not ASCII is not in the form that is looked for, so it need not be decoded. */
function oneCharacterPerByte(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
