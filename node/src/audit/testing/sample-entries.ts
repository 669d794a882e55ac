/** One entry of every type, as a log has them. */
import { type Entry, entryTypes } from '@hansa/protocols'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
export const peer = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
export const from = { did, version: '0.1.0' } as const

export function sampleEntry(over: Partial<Entry>): Entry {
  return {
    v: 1,
    origin: `${did}/log/1`,
    seq: 7,
    t_ms: 1_700_000_000_123,
    type: 'outcome',
    prev: 'A'.repeat(43),
    ...over,
  }
}

export const call = {
  call_id: 'AAECAwQFBgcICQoLDA0ODw',
  actor: 'agent:reporter',
  peer,
  cap: 'orgb/reports.read',
  decision: 'permit',
  rules: ['allow-reports'],
} as const satisfies Partial<Entry>

export const oneOfEach: readonly Entry[] = entryTypes.map((type) => sampleEntry({ type, ...call }))
