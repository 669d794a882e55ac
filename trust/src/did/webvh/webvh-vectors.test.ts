/** The test suite of did:webvh that four other implementations are held to: every log, every answer, every identifier. */
import type { Did } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { describeVectors, vectorBytes, vectorFiles, vectorJson } from '../../testing/published-vectors.ts'
import { webLocation } from '../web-location.ts'
import { verifyWebvhLog } from './verify-webvh-log.ts'

const NOW = 1_795_000_000

/**
 * Logs of the suite that the specification of did:webvh 1.0 refuses as it is now, though the suite expects an answer: a
 * list of witnesses counts from the entry after the one that names it, and a witness is named by its did:key.
 */
const AGAINST_THE_SPECIFICATION: Readonly<Record<string, string>> = {
  'witness-update/java': 'entry 2: witness_threshold',
  'witness-update/java-eecc': 'entry 2: witness_threshold',
  'witness-update/python': 'entry 2: witness_threshold',
  'witness-update/ts': 'entry 2: witness_threshold',
  'witness-update/rust': 'entry 1: parameters.witness: Invalid input',
  'witness-threshold/rust': 'entry 1: parameters.witness: Invalid input',
}

const REFUSED: Readonly<Record<string, string>> = {
  'negative-cross-did-witness-replay': 'entry 2: witness_threshold',
  'negative-did-key-body-fragment-mismatch': 'entry 1: proof_names_two_keys',
  'negative-duplicate-witness-ids': 'entry 1: witness_malformed',
  'negative-portable-scid-swap': 'entry 2: document_id',
  'negative-pre-rotation-omit-updatekeys': 'entry 2: pre_rotation_keys_missing',
  'negative-scid-mismatch-genesis': 'entry 1: scid_not_its_hash',
  'negative-unknown-method-version': 'entry 1: method_version',
  'negative-versiontime-future': 'entry 2: version_time_in_the_future',
  'negative-versiontime-non-monotonic': 'entry 2: version_time_not_later',
  'negative-wrong-cryptosuite': 'entry 1: proof_cryptosuite',
  'negative-zero-witness-threshold': 'entry 1: parameters.witness: Invalid input',
}

type Resolution = { didDocument: { id: Did } | null; didDocumentMetadata: { versionId?: string } }

describeVectors('published did:webvh logs', () => {
  const files = vectorFiles('did-webvh/vectors')
  const logs = files.filter((path) => path.endsWith('/did.jsonl')).filter((path) => vectorBytes(path).length > 0)
  const verify = (path: string) => {
    const log = vectorBytes(path)
    const lines = Buffer.from(log).toString('utf8').trim().split('\n')
    const { parameters } = JSON.parse(lines[0] ?? '') as { parameters: { scid: string } }
    const { state } = JSON.parse(lines.at(-1) ?? '') as { state: { id: string } }
    // An identifier with the SCID of the log, whatever its documents call themselves.
    const did = state.id.replace(/Qm[^:]*/, parameters.scid) as Did
    const witness = path.replace('did.jsonl', 'did-witness.json')
    const witnesses = files.includes(witness) ? vectorBytes(witness) : undefined
    return verifyWebvhLog({ did, log, witnesses, now: NOW })
  }
  const nameOf = (path: string) => path.replace('did-webvh/vectors/', '').replace('/did.jsonl', '')

  it('were all found', () => {
    expect(logs.length).toBe(75)
    expect(logs.filter((path) => path.includes('negative-')).length).toBe(Object.keys(REFUSED).length)
  })

  it.each(logs.map(nameOf).filter((name) => !name.startsWith('negative-')))('%s', (name) => {
    const folder = `did-webvh/vectors/${name}`
    const verdict = verify(`${folder}/did.jsonl`)
    const against = AGAINST_THE_SPECIFICATION[name]
    if (against !== undefined) return expect(verdict).toEqual({ ok: false, reason: against })
    const expected = vectorJson<Resolution>(`${folder}/resolutionResult.json`)
    if (!verdict.ok) throw new Error(verdict.reason)
    expect(verdict.log.current.versionId).toBe(expected.didDocumentMetadata.versionId)
    expect(verdict.log.deactivated).toBe(name.startsWith('deactivate/'))
    if (expected.didDocument !== null) expect(verdict.log.current.state.id).toBe(expected.didDocument.id)
    return undefined
  })

  it.each(Object.entries(REFUSED))('%s is refused', (name, reason) => {
    const verdict = verify(`did-webvh/vectors/${name}/ts/did.jsonl`)
    expect(verdict).toEqual({ ok: false, reason })
  })

  const identifiers = files
    .filter((path) => path.endsWith('script.yaml') && path.includes('negative-'))
    .flatMap((path) => readScript(path))

  it('names identifiers that must not be resolved', () => expect(identifiers.length).toBe(9))

  it.each(identifiers)('%s is no identifier', (did) => expect(webLocation(did)).toBeUndefined())
})

function readScript(path: string): string[] {
  const text = Buffer.from(vectorBytes(path)).toString('utf8')
  return [...text.matchAll(/did: "(did:webvh:[^"]+)"/g)].map((match) => match[1] ?? '')
}
