import { readFileSync } from 'node:fs'
import type { CheckpointReference } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256 } from '../encoding/hash.ts'
import { consistencyPath } from '../merkle/consistency.ts'
import { emptyRoot } from '../merkle/hashing.ts'
import { rootOf } from '../merkle/tree.ts'
import {
  formatSubmission,
  judgeSubmission,
  parseSubmission,
  readSubmissionAnswer,
  type SubmissionVerdict,
} from './add-checkpoint.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { formatVkey, noteKey } from './note.ts'

const published = JSON.parse(
  readFileSync(new URL('./testing/published-witness-data.json', import.meta.url), 'utf8'),
).race

const key = noteKey('example.com/log', sha256('submitted log'))
const mallory = noteKey('example.com/log', sha256('mallory log'))
const leaves = Array.from({ length: 9 }, (_, n) => sha256(`leaf ${n}`))
const headOf = (size: number, of = leaves): CheckpointReference => ({
  origin: key.name,
  size,
  root: encodeBase64url(size === 0 ? emptyRoot : rootOf(of.slice(0, size))),
})
const noteOf = (head: CheckpointReference, by = key) => by.sign(formatCheckpoint(head))
const proofOf = (from: number, to: number, of = leaves) =>
  from === 0 ? [] : consistencyPath(of.slice(0, to), from).map(encodeBase64url)
const submit = (body: string, latest?: CheckpointReference, vkeys = [key.vkey]): SubmissionVerdict | 400 => {
  const submission = parseSubmission(Buffer.from(body))
  return submission === undefined ? 400 : judgeSubmission(submission, vkeys, latest)
}
const statusOf = (verdict: SubmissionVerdict | 400) => (verdict === 400 ? 400 : verdict.ok ? 200 : verdict.status)

describe('the requests of the published race', () => {
  const vkey = formatVkey(published.origin, 1, Buffer.from(published.public_key, 'hex'))

  it('are good each on its own, and the one that comes second is a conflict', () => {
    const first = submit(published.first, undefined, [vkey])
    expect(first).toMatchObject({ ok: true, checkpoint: { size: 1 } })
    const one = first !== 400 && first.ok ? first.checkpoint : undefined
    expect(submit(published.to_three, one, [vkey])).toMatchObject({ ok: true, checkpoint: { size: 3 } })
    const five = submit(published.to_five, one, [vkey])
    expect(five).toMatchObject({ ok: true, checkpoint: { size: 5 } })
    const latest = five !== 400 && five.ok ? five.checkpoint : undefined
    expect(submit(published.to_three, latest, [vkey])).toMatchObject({ ok: false, status: 409, size: 5 })
  })
})

describe(judgeSubmission, () => {
  it('takes every step of a log that only grows', () => {
    for (let from = 0; from < leaves.length; from++) {
      for (let to = Math.max(1, from); to <= leaves.length; to++) {
        const body = formatSubmission(from, proofOf(from, to), noteOf(headOf(to)))
        expect(statusOf(submit(body, from === 0 ? undefined : headOf(from)))).toBe(200)
      }
    }
  })

  it('takes an empty log, with the root of one, and again', () => {
    const body = formatSubmission(0, [], noteOf(headOf(0)))
    expect([statusOf(submit(body)), statusOf(submit(body, headOf(0)))]).toEqual([200, 200])
    expect(statusOf(submit(formatSubmission(0, [], noteOf({ ...headOf(0), root: headOf(1).root }))))).toBe(422)
  })

  const forked = leaves.with(2, sha256('another leaf'))
  it.each<[number, string, string, CheckpointReference | undefined, string[]]>([
    [404, 'a log that is not known', formatSubmission(0, [], noteOf(headOf(3))), undefined, []],
    [
      403,
      'a log that somebody else signed',
      formatSubmission(0, [], noteOf(headOf(3), mallory)),
      undefined,
      [key.vkey],
    ],
    [
      403,
      'a known key that signed something else',
      formatSubmission(0, [], noteOf(headOf(3)).replace(/^3$/m, '4')),
      undefined,
      [key.vkey],
    ],
    [409, 'an old size that is not the last one', formatSubmission(0, [], noteOf(headOf(3))), headOf(2), [key.vkey]],
    [
      409,
      'an old size before anything was cosigned',
      formatSubmission(2, proofOf(2, 3), noteOf(headOf(3))),
      undefined,
      [key.vkey],
    ],
    [409, 'a log that was cut', formatSubmission(3, [], noteOf(headOf(3))), headOf(5), [key.vkey]],
    [422, 'a proof where none is to be', formatSubmission(0, proofOf(2, 3), noteOf(headOf(3))), undefined, [key.vkey]],
    [422, 'no proof', formatSubmission(2, [], noteOf(headOf(5))), headOf(2), [key.vkey]],
    [
      422,
      'the proof of another history',
      formatSubmission(3, proofOf(3, 5, forked), noteOf(headOf(5, forked))),
      headOf(3),
      [key.vkey],
    ],
    [
      422,
      'a proof with one hash more',
      formatSubmission(2, [...proofOf(2, 5), headOf(1).root], noteOf(headOf(5))),
      headOf(2),
      [key.vkey],
    ],
    [
      422,
      'a proof from a size to itself',
      formatSubmission(3, proofOf(2, 3), noteOf(headOf(3))),
      headOf(3),
      [key.vkey],
    ],
  ])('answers %i to %s', (status, _what, body, latest, vkeys) => {
    expect(statusOf(submit(body, latest, vkeys))).toBe(status)
  })

  it('says that the log forked when it signed two roots of one size', () => {
    const body = formatSubmission(3, [], noteOf(headOf(3, forked)))
    expect(submit(body, headOf(3))).toMatchObject({ status: 422, forked: true })
    expect(submit(formatSubmission(2, [], noteOf(headOf(5))), headOf(2))).not.toHaveProperty('forked')
  })
})

describe(parseSubmission, () => {
  const good = formatSubmission(2, proofOf(2, 5), noteOf(headOf(5)))
  it.each([
    ['nothing', ''],
    ['no old size', good.replace('old 2\n', '')],
    ['a leading zero', good.replace('old 2', 'old 02')],
    ['a sign', good.replace('old 2', 'old -2')],
    ['two spaces', good.replace('old 2', 'old  2')],
    ['an old size above the new one', good.replace('old 2', 'old 6')],
    ['a size beyond the safe integers', good.replace('old 2', 'old 9007199254740993')],
    ['a hash that is none', good.replace('\n', '\nAAAA\n')],
    ['64 hashes', good.replace('\n', `\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`)],
    ['no empty line', good.replace('\n\n', '\n')],
    ['a checkpoint that nobody signed', good.slice(0, good.lastIndexOf('— '))],
    ['an extension line', formatSubmission(0, [], key.sign(`${formatCheckpoint(headOf(5))}more\n`))],
    ['more than may be', `${good}${'x'.repeat(65_536)}`],
  ])('reads no request with %s', (_what, body) => {
    expect(parseSubmission(Buffer.from(good))).toBeDefined()
    expect(parseSubmission(Buffer.from(body))).toBeUndefined()
  })
})

describe(readSubmissionAnswer, () => {
  it.each([
    [200, '— w AAAA\n', { kind: 'cosigned', lines: '— w AAAA\n' }],
    [200, 'thanks\n', { kind: 'refused', status: 200 }],
    [200, '— w AAAA', { kind: 'refused', status: 200 }],
    [409, '12\n', { kind: 'conflict', size: 12 }],
    [409, 'twelve\n', { kind: 'refused', status: 409 }],
    [404, '12\n', { kind: 'refused', status: 404 }],
  ])('of status %i and %j', (status, body, answer) => {
    expect(readSubmissionAnswer(status, Buffer.from(body))).toEqual(answer)
  })
})
