import { manualClock } from '@hansa/protocols/testing'
import { formatCheckpoint, memoryLogDisk, noteKey, openLedger } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { logAnswers } from './log-answers.ts'

const ORIGIN = 'b.example/hansa/log/1'
const KEY = noteKey(ORIGIN, Buffer.alloc(32, 1))

async function aLog(entries: number) {
  const disk = memoryLogDisk()
  const onFatal = (error: unknown) => {
    throw error
  }
  const ledger = await openLedger({ disk, origin: ORIGIN, key: KEY, clock: manualClock(), onFatal })
  while (ledger.size < entries) ledger.append({ type: 'peer.evidence', ext: { reason: `number ${ledger.size}` } })
  await ledger.close()
  return disk
}

async function answersOf(entries: boolean) {
  const [first, second] = [await aLog(270), await aLog(3)]
  const logs = [
    { number: 1, directory: first },
    { number: 12, directory: second },
  ]
  return logAnswers({ logs, entries })
}

describe('what is under /hansa/log/', () => {
  it.each([
    ['/hansa/log/1/checkpoint', 'text/plain; charset=utf-8', 'public, max-age=2'],
    ['/hansa/log/12/checkpoint', 'text/plain; charset=utf-8', 'public, max-age=2'],
    ['/hansa/log/1/tile/0/000', 'application/octet-stream', 'public, max-age=31536000, immutable'],
    ['/hansa/log/1/tile/0/001.p/14', 'application/octet-stream', 'public, max-age=31536000, immutable'],
    ['/hansa/log/1/tile/1/000.p/1', 'application/octet-stream', 'public, max-age=31536000, immutable'],
    ['/hansa/log/1/tile/entries/000', 'application/octet-stream', 'public, max-age=31536000, immutable'],
    ['/hansa/log/12/tile/entries/000.p/3', 'application/octet-stream', 'public, max-age=31536000, immutable'],
  ])('is %s, as %s, to be kept as %s', async (path, contentType, cacheControl) => {
    expect(await (await answersOf(true)).answer(path)).toMatchObject({ contentType, cacheControl })
  })

  it.each([
    '/hansa/log/1/tile/0/001',
    '/hansa/log/1/tile/0/001.p/15',
    '/hansa/log/1/tile/1/000.p/2',
    '/hansa/log/1/tile/2/000.p/1',
    '/hansa/log/1/tile/entries/001.p/15',
    '/hansa/log/2/checkpoint',
    '/hansa/log/01/checkpoint',
    '/hansa/log/1/',
    '/hansa/log/1',
    '/hansa/log/1/checkpoint/',
    '/hansa/log/1/checkpoint?x',
    '/hansa/log/1//checkpoint',
    '/hansa/log/1/entries-0000000000000000.hkl',
    '/hansa/log/1/hashes',
    '/hansa/log/1/../../keys/log.key',
    '/hansa/log/1/tile/0/%30%30%30',
    '/hansa/log/__proto__/checkpoint',
    'hansa/log/1/checkpoint',
    `/hansa/log/1/tile/0/${'x001/'.repeat(5000)}000`,
  ])('is not %s', async (path) => {
    expect(await (await answersOf(true)).answer(path)).toBeUndefined()
  })

  it('holds no entry where only hashes are shown', async () => {
    const answers = await answersOf(false)
    expect(await answers.answer('/hansa/log/1/tile/0/000')).toBeDefined()
    for (const path of ['/hansa/log/1/tile/entries/000', '/hansa/log/12/tile/entries/000.p/1']) {
      expect(await answers.answer(path)).toBeUndefined()
    }
  })

  it('is refused as busy when more is asked for at the same time than is made', async () => {
    const answers = await answersOf(true)
    const many = Array.from({ length: 40 }, () => answers.answer('/hansa/log/1/tile/entries/000'))
    const replies = await Promise.all(many)
    expect(replies.filter((one) => one === 'busy')).toHaveLength(24)
    expect(await answers.answer('/hansa/log/1/tile/entries/000')).not.toBe('busy')
  })

  it('throws for what mallory changed, and takes the next question', async () => {
    const disk = await aLog(20)
    const claimed = { origin: ORIGIN, size: 400, root: 'A'.repeat(43) }
    disk.tamper('checkpoint', Buffer.from(KEY.sign(formatCheckpoint(claimed))))
    const answers = logAnswers({ logs: [{ number: 1, directory: disk }], entries: true })
    for (let n = 0; n < 20; n++) {
      await expect(answers.answer('/hansa/log/1/tile/0/000')).rejects.toMatchObject({ detail: { code: 'log_corrupt' } })
    }
    expect(await answers.answer('/hansa/log/1/tile/0/000.p/20')).toBeDefined()
  })
})
