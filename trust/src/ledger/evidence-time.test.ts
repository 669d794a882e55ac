import type { Intent, Receipt } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { NOW } from '../testing/index.ts'
import type { LogReport } from './report.ts'
import { closeBoth, exchange, twoKernels } from './testing/exchange.ts'
import { verifyLog } from './verify-log.ts'

const HOUR = 3600

/** The logs of both sides of a call whose entries are written now, and whose objects say what they are given. */
async function logsOf(init: { intent?: Partial<Intent>; receipt?: Partial<Receipt>; refused?: boolean }) {
  const kernels = await twoKernels()
  await exchange(kernels.a, kernels.b, 'the call', init)
  await closeBoth(kernels)
  const report = ({ disk, key: { vkey } }: typeof kernels.a) => verifyLog(disk, { vkey })
  return { asker: await report(kernels.a), server: await report(kernels.b) }
}

const said = ({ verdict, faults, incomplete }: LogReport) => [verdict, ...faults.map(({ text }) => text), ...incomplete]
const from = (iat: number) => ({ iat, exp: iat + 60 })

describe('the time of an entry', () => {
  it('may differ from that of what it holds by the skew that is allowed', async () => {
    for (const iat of [NOW - 100, NOW - 1, NOW, NOW + 60]) {
      const { asker, server } = await logsOf({ intent: from(iat) })
      expect([said(asker), said(server)]).toEqual([['clean'], ['clean']])
    }
    const { asker } = await logsOf({ receipt: { finished: NOW + 120 } })
    expect(said(asker)).toEqual(['clean'])
  })

  it('is not before the intent in it was made: mallory dated the entry back', async () => {
    const { asker, server } = await logsOf({ intent: from(NOW + 6 * HOUR) })
    const text = expect.stringContaining('it is dated 6 h before the intent was made')
    expect(said(asker)).toEqual(['violation', text])
    expect(said(server)).toEqual(['violation', text])
  })

  it('is not long after the own intent in it had expired', async () => {
    const { asker, server } = await logsOf({ intent: from(NOW - HOUR) })
    expect(said(asker)).toEqual(['violation', expect.stringContaining('after the intent had expired')])
    // Its arguments may have been long on their way.
    expect(said(server)).toEqual(['clean'])
  })

  it('says nothing of a refused intent, which may have been refused for its time', async () => {
    const { server } = await logsOf({ intent: from(NOW + HOUR), refused: true })
    expect(said(server)).toEqual(['clean'])
  })

  it('that is before the receipt in it leaves a doubt, because either clock may have been wrong', async () => {
    const { asker } = await logsOf({ receipt: { finished: NOW + HOUR } })
    expect(said(asker)).toEqual([
      'incomplete',
      expect.stringMatching(
        /^Entry \d+: it is dated 3600 s before the receipt in it was made; the entry is dated back/,
      ),
    ])
  })
})
