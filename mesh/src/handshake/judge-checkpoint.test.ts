import type { CheckpointReference } from '@hansa/protocols'
import { encodeBase64url, sha256 } from '@hansa/trust'
import { formatCheckpoint, noteKey } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { judgeCheckpoint, type LogKeys } from './judge-checkpoint.ts'

const ORIGIN = 'b.example/hansa/log/'
const keyOf = (origin: string) => noteKey(origin, sha256(`log key of ${origin}`))
const logs = (...numbers: number[]): LogKeys =>
  numbers.map((n) => ({ origin: ORIGIN + n, vkey: keyOf(ORIGIN + n).vkey }))
const checkpoint = (origin: string, size: number): CheckpointReference => ({
  origin,
  size,
  root: encodeBase64url(sha256(`${origin} ${size}`)),
})
const proof = (origin: string, size: number) => ({
  note: keyOf(origin).sign(formatCheckpoint(checkpoint(origin, size))),
})

describe('the checkpoint of a log that another one preceded', () => {
  const seen = checkpoint(`${ORIGIN}1`, 900)

  it('begins anew when the manifest names both: the restored log is smaller and no proof can lead to it', () => {
    expect(judgeCheckpoint(proof(`${ORIGIN}2`, 3), logs(2, 1), seen)).toEqual({
      ok: true,
      checkpoint: checkpoint(`${ORIGIN}2`, 3),
    })
  })

  it.each([
    ['of a manifest that conceals the frozen log', proof(`${ORIGIN}2`, 3), logs(2), seen],
    ['that the importer has not pinned', proof(`${ORIGIN}2`, 3), logs(1), seen],
    [
      'of the old node, which goes on with the frozen log',
      proof(`${ORIGIN}1`, 901),
      logs(1),
      checkpoint(`${ORIGIN}2`, 3),
    ],
    ['of mallory, who turns the order round', proof(`${ORIGIN}1`, 901), logs(1, 2), checkpoint(`${ORIGIN}2`, 3)],
    ['of another host', proof('mallory.example/hansa/log/7', 3), [...logs(1), ...mallorysLog()], seen],
  ])('%s is not taken', (_what, given, named, before) => {
    expect(judgeCheckpoint(given, named, before)).toMatchObject({ ok: false })
  })
})

function mallorysLog(): LogKeys {
  const origin = 'mallory.example/hansa/log/7'
  return [{ origin, vkey: keyOf(origin).vkey }]
}
