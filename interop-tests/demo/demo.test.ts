/** The demo as a program reads it: one JSON object on standard output, and each claim of it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../harness/spawned-process.ts'
import type { DemoCall, DemoReport } from './report.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

it('the demo does the main job between real processes, and says so in one JSON object', {
  timeout: 90_000,
}, async () => {
  const run = await promisify(execFile)(process.execPath, [MAIN, '--json'], { env: childEnvironment })
  expect(run.stdout).toMatch(/^\{.*\}\n$/)
  const report = JSON.parse(run.stdout) as DemoReport
  const [orga, orgb] = report.kernels

  expect(report.ok).toBe(true)
  expect(report.kernels.map(({ name }) => name)).toEqual(['orga', 'orgb'])
  expect(orga?.pid).not.toBe(orgb?.pid)
  expect(report.discovered.map(({ by, did }) => [by, did])).toEqual([
    ['registry', orgb?.did],
    ['peer_url', orgb?.did],
  ])

  const call = (id: string) => report.calls.find((one) => one.id === id)
  expect(call('read')).toMatchObject({ outcome: 'released', trustPolicy: 'most_restrictive' })
  expect(call('read-local-only')).toMatchObject({ outcome: 'released', trustPolicy: 'local_only' })
  expect(call('customers')).toMatchObject({ outcome: 'released', capability: 'crm.customers' })
  expect(call('refused-by-orgb')).toMatchObject({ outcome: 'refused', stage: 'remote', code: 'policy_denied' })
  expect(call('refused-by-orga')).toMatchObject({ outcome: 'refused', stage: 'policy', code: 'policy_denied' })
  expect(call('no-rule-most-restrictive')).toMatchObject({ outcome: 'refused', code: 'policy_denied' })
  expect(call('no-rule-remote-deferred')).toMatchObject({ outcome: 'released', trustPolicy: 'remote_deferred' })
  expect(call('approval-asked')).toMatchObject({ outcome: 'approval', code: 'approval_required' })
  expect(call('approval-changed-byte')).toMatchObject({ outcome: 'refused', code: 'approval_required' })
  const uses = (name: string): DemoCall[] => report.calls.filter(({ id }) => new RegExp(`^${name}-\\d+$`).test(id))
  const released = ({ outcome }: DemoCall) => outcome === 'released'
  expect([uses('approval-use').length, uses('approval-use').filter(released).length]).toEqual([50, 1])
  expect(uses('approval-use-after-restart').map(({ outcome }) => outcome)).toEqual(Array(50).fill('refused'))

  expect(report.redactions).toEqual([
    expect.objectContaining({ kernel: 'orgb', by: 'egress_result', field: 'national_id', count: 3 }),
    expect.objectContaining({ kernel: 'orga', by: 'ingress_result', field: 'email', count: 3 }),
  ])
  expect(report.tokenReuse).toEqual({ outcome: 'refused', code: 'token_rejected' })
  expect(report.audit.pair).toBe('consistent')
  expect(report.audit.logs).toEqual(
    [orga, orgb].map((kernel) => ({
      did: kernel?.did,
      size: expect.any(Number),
      root: expect.stringMatching(/^[\w-]{43}$/),
    })),
  )
  expect(report.tamper).toEqual({ detected: true, log: 'orgb', entry: expect.any(Number) })
})
