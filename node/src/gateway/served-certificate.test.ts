import { chmod, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate, spkiHash } from '@hansa/mesh'
import { manualClock } from '@hansa/protocols/testing'
import { encodeBase64url } from '@hansa/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CERTIFICATE_PERIOD_MS, ServedCertificate } from './served-certificate.ts'

const NOW_S = 1_800_000_000
const DAY_S = 86_400
const MINUTE_MS = 60_000

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-tls-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const made = (from = NOW_S - DAY_S, to = NOW_S + 365 * DAY_S) =>
  selfSignedCertificate({ hosts: ['kernel.example'], notBefore: from, notAfter: to })
const spkiOf = ({ cert }: { cert: string }) => encodeBase64url(spkiHash(cert))
const files = () => ({ certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') })

async function put(pair: { cert: string; key: string }): Promise<void> {
  await writeFile(files().key, pair.key, { mode: 0o600 })
  await writeFile(files().certificate, pair.cert)
}

function world(further: string[] = []) {
  const clock = manualClock(NOW_S * 1000)
  const said: string[] = []
  const say = (event: string, fields?: object) => void said.push(`${event} ${JSON.stringify(fields ?? {})}`)
  const logger = { debug: say, info: say, warn: say, error: say }
  return { clock, said, open: () => ServedCertificate.open({ files: files(), further }, { clock, logger }) }
}

async function opened(further: string[] = []) {
  const { open, ...rest } = world(further)
  const result = await open()
  if (!result.ok) throw new Error(result.faults.join('\n'))
  return { ...rest, certificate: result.certificate }
}

describe('a certificate that cannot be served', () => {
  const faults = async () => {
    const result = await world().open()
    return result.ok ? [] : result.faults
  }

  it('is one whose files are missing: it says how to make them', async () => {
    expect(await faults()).toEqual([
      `There is no file ${files().certificate}. Correct \`tls\`, or make one with: hansa tls create --host NAME`,
      `There is no file ${files().key}. Correct \`tls\`, or make one with: hansa tls create --host NAME`,
    ])
  })

  it.each([
    ['the group', 0o640],
    ['others', 0o604],
  ])('is one whose key is open to %s', async (_who, mode) => {
    await put(made())
    await chmod(files().key, mode)
    expect(await faults()).toEqual([expect.stringContaining(`chmod 600 ${files().key}`)])
  })

  it('is one with the key of another certificate', async () => {
    await put({ cert: made().cert, key: made().key })
    expect(await faults()).toEqual([expect.stringContaining('is not the key of')])
  })

  it.each([
    ['no certificate', { cert: 'x', key: made().key }, /holds no certificate in PEM/],
    ['no key', { cert: made().cert, key: 'x' }, /cannot be used for TLS/],
    ['nothing', { cert: '', key: '' }, /holds no certificate in PEM/],
  ])('is one of which a file holds %s', async (_what, pair, reason) => {
    await put(pair)
    expect(await faults()).toEqual([expect.stringMatching(reason)])
  })
})

describe('the time of a certificate', () => {
  it.each([
    ['has expired', made(NOW_S - 9 * DAY_S, NOW_S - DAY_S), /has expired on 2027-01-14/],
    ['expires soon', made(NOW_S, NOW_S + 3 * DAY_S), /expires in 3 days, on 2027-01-18/],
    ['has not come', made(NOW_S + DAY_S, NOW_S + 9 * DAY_S), /valid from 2027-01-16 only/],
  ])('that %s is a warning, because partners go by its key', async (_what, pair, reason) => {
    await put(pair)
    const { said } = await opened()
    expect(said).toEqual([expect.stringMatching(reason)])
  })

  it('is looked at every day while the node runs', async () => {
    await put(made(NOW_S, NOW_S + 22 * DAY_S))
    const { certificate, clock, said } = await opened()
    const end = certificate.watch()
    expect(said).toEqual([])
    clock.advance(DAY_S * 1_000)
    await expect.poll(() => said).toEqual([expect.stringMatching(/expires in 21 days/)])
    end()
  })

  it('that is good is not spoken of', async () => {
    await put(made())
    expect((await opened()).said).toEqual([])
  })
})

describe('a certificate that is replaced', () => {
  const [before, after] = [made(), made()]

  it('is named by the manifest beside the one before, until no session can be bound to that', async () => {
    await put(before)
    const { certificate, clock } = await opened()
    const told: string[] = []
    certificate.onChange(({ spki }) => told.push(spki, ...certificate.keys()))
    await put(after)
    expect(await certificate.reload()).toEqual({ ok: true, changed: true })
    // Whoever shows the new key to a connection does so when the manifest names it already.
    expect(told).toEqual([spkiOf(after), spkiOf(after), spkiOf(before)])
    clock.advance(15 * MINUTE_MS)
    expect(certificate.keys()).toEqual([spkiOf(after), spkiOf(before)])
    clock.advance(MINUTE_MS)
    expect(certificate.keys()).toEqual([spkiOf(after)])
  })

  it('by a bad pair stays in use, and the log says why', async () => {
    await put(before)
    const { certificate, said } = await opened()
    await put({ cert: after.cert, key: before.key })
    expect(await certificate.reload()).toMatchObject({ ok: false, faults: [expect.stringContaining('is not the key')] })
    expect(certificate.pair.spki).toBe(spkiOf(before))
    expect(certificate.keys()).toEqual([spkiOf(before)])
    expect(said).toEqual([expect.stringContaining('tls.not_reloaded')])
  })

  it('by itself changes nothing', async () => {
    await put(before)
    const { certificate, said } = await opened()
    await put(before)
    expect(await certificate.reload()).toEqual({ ok: true, changed: false })
    expect([certificate.keys(), said]).toEqual([[spkiOf(before)], []])
  })

  it('leaves room for at most eight keys, the one in use first', async () => {
    await put(before)
    const { certificate } = await opened([spkiOf(after), 'next'])
    for (let n = 0; n < 9; n++) {
      await put(made())
      await certificate.reload()
    }
    expect(certificate.keys()).toHaveLength(8)
    expect(certificate.keys()[0]).toBe(certificate.pair.spki)
  })
})

describe('watching the files', () => {
  /** One look, and what it starts. */
  async function looks(clock: ReturnType<typeof manualClock>): Promise<void> {
    clock.advance(CERTIFICATE_PERIOD_MS)
    await expect.poll(() => clock.waiting).toBe(1)
  }

  it('takes a new pair once it lies still, also behind a link', async () => {
    const [before, after] = [made(), made()]
    const { certificate: path } = files()
    await writeFile(join(directory, 'one.crt'), before.cert)
    await writeFile(join(directory, 'two.crt'), after.cert)
    await symlink('one.crt', path)
    await writeFile(files().key, before.key, { mode: 0o600 })
    const { certificate, clock, said } = await opened()
    const end = certificate.watch()
    await writeFile(files().key, after.key)
    await looks(clock)
    // The key alone has changed and was seen moving: nobody looks into half a pair.
    expect(said).toEqual([])
    await symlink('two.crt', join(directory, 'fresh'))
    await rename(join(directory, 'fresh'), path)
    await looks(clock)
    await looks(clock)
    expect(certificate.pair.spki).toBe(spkiOf(after))
    expect(said).toEqual([expect.stringContaining('tls.reloaded')])
    end()
    expect(clock.waiting).toBe(0)
  })

  it('says once that a new pair is bad, and takes the next one', async () => {
    const [before, after] = [made(), made()]
    await put(before)
    const { certificate, clock, said } = await opened()
    certificate.watch()
    await put({ cert: after.cert, key: before.key })
    for (let n = 0; n < 4; n++) await looks(clock)
    expect(said).toEqual([expect.stringContaining('tls.not_reloaded')])
    await put(after)
    for (let n = 0; n < 2; n++) await looks(clock)
    expect(certificate.pair.spki).toBe(spkiOf(after))
  })
})
